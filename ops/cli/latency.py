"""Latencies: from buckets that count, and from samples. Pure; all spans in seconds."""

import math
from collections.abc import Sequence
from itertools import pairwise

Buckets = Sequence[tuple[float | None, float]]
"""Cumulative counts, each with the upper bound of its bucket; the last has none."""


def quantile_of_buckets(buckets: Buckets, share: float) -> float | None:
    """The span that `share` of the observations stay within; None when there are none.

    Straight lines are drawn within a bucket, as `histogram_quantile` of Prometheus does; what is beyond the last bound
    counts as that bound.
    """
    whole = buckets[-1][1] if buckets else 0
    if whole <= 0:
        return None
    wanted = share * whole
    for (low, before), (high, count) in pairwise([(0.0, 0.0), *buckets]):
        if count >= wanted:
            return (
                low if high is None or low is None else low + (high - low) * (wanted - before) / (count - before or 1)
            )
    return None


def since(now: Buckets, before: Buckets) -> list[tuple[float | None, float]]:
    """What was observed between two looks at the same buckets."""
    earlier = dict(before)
    return [(bound, count - earlier.get(bound, 0)) for bound, count in now]


def summed(tables: Sequence[Buckets]) -> list[tuple[float | None, float]]:
    """The buckets of several servers together; they have the same bounds."""
    sums: dict[float | None, float] = {}
    for bound, count in (row for table in tables for row in table):
        sums[bound] = sums.get(bound, 0) + count
    return sorted(sums.items(), key=lambda row: math.inf if row[0] is None else row[0])


def quantile(ordered: Sequence[float], share: float) -> float:
    """The sample, of at least one and in order, that `share` of all stay within."""
    return ordered[max(0, math.ceil(share * len(ordered)) - 1)]


def histogram(ordered: Sequence[float], rows: int) -> list[tuple[float, float, int]]:
    """Lower bound, upper bound and count of `rows` bars of equal ratio, from the least sample to the greatest."""
    least, greatest = max(ordered[0], 1e-6), max(ordered[-1], 1e-6)
    if greatest <= least * 1.01:
        return [(least, greatest, len(ordered))]
    step = (greatest / least) ** (1 / rows)
    bounds = [least * step**number for number in range(rows)] + [greatest]
    places = [min(rows - 1, int(math.log(max(sample, least) / least, step))) for sample in ordered]
    return [(low, high, places.count(row)) for row, (low, high) in enumerate(pairwise(bounds))]
