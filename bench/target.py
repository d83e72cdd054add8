"""What is aimed at, and whether it was hit. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from statistics import median

from bench.metric import Metric


class Verdict(StrEnum):
    """Whether a target was met."""

    MET = "met"
    MISSED = "MISSED"
    NONE = ""
    """There is none, or nothing to hold against it."""


@dataclass(frozen=True, slots=True)
class Target:
    """A bound for the ratio of ours to a peer's, or for our own value where `peer` is None.

    `peer` names all peers whose names begin with it: every nginx must be beaten.
    """

    metric: Metric
    peer: str | None = None
    at_least: float | None = None
    at_most: float | None = None

    def is_for(self, peer: str | None) -> bool:
        """Whether it speaks of this peer; with None, of none at all."""
        if self.peer is None or peer is None:
            return self.peer is None and peer is None
        return peer.partition("-")[0] == self.peer.partition("-")[0]

    def verdict(self, value: float) -> Verdict:
        """Met at the bound itself, too."""
        is_met = (self.at_least is None or value >= self.at_least) and (self.at_most is None or value <= self.at_most)
        return Verdict.MET if is_met else Verdict.MISSED

    def __str__(self) -> str:
        bounds = [f"≥ {self.at_least:g}"] if self.at_least is not None else []
        return " ".join(bounds + ([f"≤ {self.at_most:g}"] if self.at_most is not None else []))


@dataclass(frozen=True, slots=True)
class Spread:
    """The median of several values, and the least and the greatest of them."""

    median: float
    low: float
    high: float

    @classmethod
    def of(cls, values: Sequence[float]) -> "Spread":
        """Of at least one value."""
        return cls(median(values), min(values), max(values))


def ratios(ours: Sequence[float], theirs: Sequence[float]) -> Spread | None:
    """Ours to theirs, round by round, for what disturbs a round disturbs both; None where there is nothing to divide.

    The median of ratios, not the ratio of medians.
    """
    pairs = [(our, their) for our, their in zip(ours, theirs, strict=True) if their]
    return Spread.of([our / their for our, their in pairs]) if pairs else None
