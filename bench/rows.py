"""From rounds to the lines of the table. Pure."""

from collections.abc import Iterator
from dataclasses import dataclass

from bench.case import Case
from bench.metric import PER_CPU_SECOND, Metric
from bench.outcome import Outcome
from bench.servers import OURS
from bench.target import Spread, Target, Verdict, ratios


@dataclass(frozen=True, slots=True)
class Row:
    """One line: ours against a peer in one metric, or ours alone."""

    case: str
    metric: Metric
    peer: str | None
    ours: float
    theirs: float | None
    ratio: Spread | None
    own: Spread
    target: Target | None
    verdict: Verdict
    is_main: bool
    """Whether it is its pair's first line, which also shows what comes with it."""
    per_cpu_second: Spread | None = None
    """For a first line: the ratio of answers to CPU seconds of the server, which others on the machine hardly move."""


def rows(case: Case, outcome: Outcome) -> Iterator[Row]:
    """The lines of a case, metric by metric; where no peer took part, all of ours."""
    peers = [name for name in outcome.rounds if name != OURS]
    for place, metric in enumerate(case.metrics):
        own = outcome.values(OURS, metric)
        if not own:
            continue
        against = [
            peer for peer in peers if outcome.values(peer, metric) and (not place or _target(case, metric, peer))
        ]
        alone = _target(case, metric, None)
        for peer in against:
            yield _row(case, outcome, metric, peer, is_main=place == 0)
        if alone is not None or metric in case.alone or not peers:
            yield _row(case, outcome, metric, None, is_main=place == 0 and not against)


def _row(case: Case, outcome: Outcome, metric: Metric, peer: str | None, *, is_main: bool) -> Row:
    own = outcome.values(OURS, metric)
    theirs = outcome.values(peer, metric) if peer is not None else []
    ratio = ratios(own, theirs) if theirs else None
    target = _target(case, metric, peer)
    is_judged = metric.name not in outcome.unjudged
    held = ratio.median if ratio else (Spread.of(own).median if peer is None else None)
    return Row(
        case=case.name,
        metric=metric,
        peer=peer,
        ours=Spread.of(own).median,
        theirs=Spread.of(theirs).median if theirs else None,
        ratio=ratio,
        own=Spread.of(own),
        target=target,
        verdict=target.verdict(held) if target and held is not None and is_judged else Verdict.NONE,
        is_main=is_main,
        per_cpu_second=_per_cpu_second(outcome, peer) if is_main else None,
    )


def _per_cpu_second(outcome: Outcome, peer: str | None) -> Spread | None:
    own = outcome.values(OURS, PER_CPU_SECOND)
    theirs = outcome.values(peer, PER_CPU_SECOND) if peer is not None else []
    return ratios(own, theirs) if len(own) == len(theirs) > 0 else None


def _target(case: Case, metric: Metric, peer: str | None) -> Target | None:
    return next((target for target in case.targets if target.metric is metric and target.is_for(peer)), None)
