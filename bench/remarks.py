"""What a reader of the figures should know of how they came about. Pure."""

from collections.abc import Iterator
from statistics import median

from bench.metric import ERRORS, LOAD_BUSY, OTHERS_BUSY, SERVER_BUSY
from bench.outcome import Outcome, Round
from bench.servers import OURS

_FULL = 0.9
_DISTURBED = 0.25


def remarks(outcome: Outcome, *, others_take_part: bool = False) -> Iterator[str]:
    """Errors, a load generator that was the limit, and what else ran on the machine.

    `others_take_part` where the origin works too.
    """
    for server, rounds in outcome.rounds.items():
        errors = sum(values.get(ERRORS.name, 0) for values in rounds)
        if errors:
            yield f"{server}: {errors:.0f} answers were wrong or missing"
        if _median(rounds, LOAD_BUSY) > _FULL > _median(rounds, SERVER_BUSY):
            yield f"{server}: the load generator was the limit, the server worked {_median(rounds, SERVER_BUSY):.0%}"
    disturbed = max((values.get(OTHERS_BUSY, 0.0) for each in outcome.rounds.values() for values in each), default=0)
    if disturbed > _DISTURBED and not others_take_part:
        yield f"other processes used up to {disturbed:.2f} cores in a round"


def errors_of_ours(outcome: Outcome) -> float:
    """How many answers of ours were wrong or missing in all rounds."""
    return sum(outcome.values(OURS, ERRORS))


def _median(rounds: list[Round], name: str) -> float:
    return median(values.get(name, 0.0) for values in rounds)
