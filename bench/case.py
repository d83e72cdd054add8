"""What is measured, and how: what all cases have in common."""

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, ClassVar

from bench.metric import Metric
from bench.target import Target

if TYPE_CHECKING:
    from bench.counts import Counts
    from bench.outcome import Outcome
    from bench.site import Object
    from bench.stage import Stage


class Case(ABC):
    """One case.

    The table has a line against each peer for the first of `metrics`, and for the others where there is a target;
    and a line without a peer for those that are in `alone`, or have a target of their own.
    """

    name: str
    about: str
    peers: tuple[str, ...] = ()
    metrics: tuple[Metric, ...]
    alone: tuple[Metric, ...] = ()
    targets: tuple[Target, ...] = ()

    optional_peers: tuple[str, ...] = ()
    """Peers that take part when they are named."""

    asks_the_origin: ClassVar[bool] = False
    """Whether the origin works while it is measured."""

    @abstractmethod
    def objects(self, counts: "Counts") -> tuple["Object", ...]:
        """What the origin must hold."""

    @abstractmethod
    def run(self, stage: "Stage", outcome: "Outcome") -> None:
        """Measure."""
