"""What a metric is."""

import itertools
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from functools import cached_property

PREFIX = "s3_sidecar_"

OTHER = "other"
"""The label value of whatever has none of its own, where a label has it."""


class Kind(Enum):
    """How a number behaves."""

    COUNTER = "counter"
    GAUGE = "gauge"
    HISTOGRAM = "histogram"


class Source(Enum):
    """Where the numbers come from."""

    COUNTED = "counted"
    """Every process counts in memory of its own, which all share; they are added up."""
    WORKED_OUT = "worked out"
    """The process that is asked works it out, from what was counted or what it finds."""


class Merge(Enum):
    """What several processes' gauges come to."""

    SUM = "sum"
    LATEST = "latest"
    """The largest."""
    SOONEST = "soonest"
    """The smallest that is set at all; none, where none is."""
    APART = "apart"
    """One for each process, told apart by a label."""


@dataclass(frozen=True)
class Metric:
    """One row of the catalogue; `labels` have closed sets of values, `scale` is what one unit is counted in.

    A value of `labels` is empty where the process that is asked knows them: workers, versions.
    """

    name: str
    kind: Kind
    help: str
    labels: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    buckets: tuple[float, ...] = ()
    scale: int = 1
    source: Source = Source.COUNTED
    merge: Merge = Merge.SUM
    is_sparse: bool = False
    """Whether what never happened is left out."""

    @property
    def full_name(self) -> str:
        """As Prometheus knows it."""
        return PREFIX + self.name

    @property
    def exposed_labels(self) -> tuple[str, ...]:
        """The names of all labels, that of the process included."""
        return (*self.labels, "process") if self.merge is Merge.APART else tuple(self.labels)

    @cached_property
    def children(self) -> tuple[tuple[str, ...], ...]:
        """Every combination of label values, in the order in which they are counted."""
        return tuple(itertools.product(*self.labels.values()))

    @property
    def width(self) -> int:
        """How many numbers a child has: a histogram its sum, and a count for each bucket and for what is above."""
        return len(self.buckets) + 2 if self.kind is Kind.HISTOGRAM else 1

    def suiting(self, values: tuple[str, ...]) -> tuple[str, ...]:
        """The values, with OTHER for what is not in the set. Raises ValueError where that is not in it either."""
        pairs = tuple(
            value if value in allowed else OTHER for value, allowed in zip(values, self.labels.values(), strict=True)
        )
        if pairs not in self.children:
            raise ValueError(f"{self.name} has no {values}")
        return pairs
