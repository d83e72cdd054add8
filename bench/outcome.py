"""What became of a case."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from statistics import median

from bench.metric import Metric

Round = Mapping[str, float]
"""What was measured in one round, by the metrics' names."""


@dataclass(slots=True)
class Outcome:
    """Every round of a case, by server; `memory` has the RSS of each of a server's processes in MiB, largest first.

    `mistakes` are what must not be: wrong answers, and forwards where there should be hits. Of the metrics in
    `unjudged` this machine can say nothing. A case is `skipped` for a reason.
    """

    case: str
    rounds: dict[str, list[Round]] = field(default_factory=dict)
    memory: dict[str, list[float]] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    mistakes: list[str] = field(default_factory=list)
    unjudged: list[str] = field(default_factory=list)
    skipped: str | None = None

    def add(self, server: str, values: Round) -> None:
        """Keep a round."""
        self.rounds.setdefault(server, []).append(values)

    def values(self, server: str, metric: Metric) -> list[float]:
        """The metric in each round; empty where it was not measured."""
        return [values[metric.name] for values in self.rounds.get(server, ()) if metric.name in values]

    def median(self, server: str, metric: Metric) -> float | None:
        """The median of the rounds."""
        values = self.values(server, metric)
        return median(values) if values else None
