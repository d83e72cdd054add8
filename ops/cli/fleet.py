"""Asks several servers at once, and says how it went with each."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from ops.cli.client import Client
from ops.cli.exit_code import ExitCode, worst
from ops.cli.failure import CommandError

MAX_AT_ONCE = 32


@dataclass(frozen=True, slots=True)
class PodResult:
    """How it went with one pod: `data` as it was told, or why there is none."""

    pod: str
    code: ExitCode = ExitCode.DONE
    data: Any = None
    error: str = ""
    advice: str = ""

    def as_json(self) -> dict[str, Any]:
        """The same for machines."""
        told = {"pod": self.pod, "exit": int(self.code), "result": self.code.word, "data": self.data}
        return told | ({"error": self.error, "advice": self.advice} if self.error else {})


@dataclass(frozen=True, slots=True)
class Answer:
    """What one pod came to, for work that may be done in part."""

    data: Any
    code: ExitCode = ExitCode.DONE
    error: str = ""
    advice: str = ""


Report = Callable[[int, int | None], None]
"""Hears how many are done, and of how many if that is known."""
Work = Callable[[Client], Any]
"""Asks one server; returns its data or an Answer, or raises CommandError."""


def ask_all(clients: Sequence[Client], work: Work) -> list[PodResult]:
    """Do the work with every pod, so many at once, and return the results in the order of the pods."""
    if len(clients) == 1:
        return [_ask(clients[0], work)]
    with ThreadPoolExecutor(min(MAX_AT_ONCE, len(clients))) as pool:
        return list(pool.map(lambda client: _ask(client, work), clients))


def _ask(client: Client, work: Work) -> PodResult:
    pod = client.target.pod
    try:
        found = work(client)
    except CommandError as error:
        return PodResult(pod, error.code, None, error.message, error.advice)
    if isinstance(found, Answer):
        return PodResult(pod, found.code, found.data, found.error, found.advice)
    return PodResult(pod, data=found)


def worst_of(results: Sequence[PodResult]) -> ExitCode:
    """The exit code of the command: that of the pod with which it went worst."""
    return worst(result.code for result in results)
