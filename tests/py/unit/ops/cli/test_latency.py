"""Latencies from buckets and from samples."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ops.cli.latency import Buckets, histogram, quantile, quantile_of_buckets, since, summed

BUCKETS: Buckets = [(0.1, 50), (0.2, 90), (1.0, 100), (None, 100)]

QUANTILES = {
    "nothing-observed": ([(0.1, 0), (None, 0)], 0.5, None),
    "no-buckets": ([], 0.5, None),
    "bound-of-a-bucket": (BUCKETS, 0.5, 0.1),
    "within-the-first": (BUCKETS, 0.25, 0.05),
    "within-a-later-one": (BUCKETS, 0.7, 0.15),
    "over-an-empty-one": ([(0.1, 10), (0.2, 10), (0.4, 20), (None, 20)], 0.75, 0.3),
    "beyond-the-last-bound": ([(0.1, 1), (None, 100)], 0.99, 0.1),
}

_spans = st.lists(st.floats(1e-6, 100), min_size=1, max_size=200).map(sorted)


@pytest.mark.parametrize(("buckets", "share", "expected"), QUANTILES.values(), ids=QUANTILES)
def test_quantile_of_buckets(buckets: Buckets, share: float, expected: float | None) -> None:
    """As histogram_quantile of Prometheus reads them."""
    assert quantile_of_buckets(buckets, share) == (None if expected is None else pytest.approx(expected))


def test_since() -> None:
    """What was counted in between; buckets that are new count from nothing."""
    assert since(BUCKETS, [(0.1, 40), (0.2, 70)]) == [(0.1, 10), (0.2, 20), (1.0, 100), (None, 100)]


def test_summed() -> None:
    """Servers together, in the order of the bounds."""
    assert summed([[(0.1, 1), (None, 3)], [(0.1, 2), (None, 2)]]) == [(0.1, 3), (None, 5)]


def test_quantile() -> None:
    """The sample that so many stay within."""
    spans = [float(number) for number in range(1, 101)]
    assert (quantile(spans, 0.5), quantile(spans, 0.99), quantile(spans, 1)) == (50, 99, 100)
    assert quantile([7.0], 0.5) == 7.0


@given(_spans)
def test_histogram_counts_every_sample(spans: list[float]) -> None:
    """Bars lie side by side from the least to the greatest sample, and each sample is in one of them."""
    rows = histogram(spans, 12)
    assert sum(number for *_, number in rows) == len(spans)
    assert rows[0][0] == spans[0]
    assert rows[-1][1] == spans[-1]
    assert all(high == low for (_, high, _), (low, _, _) in pairwise(rows))
