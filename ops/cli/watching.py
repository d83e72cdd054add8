"""Looks at servers again and again, for s3ops top."""

import sys
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import count
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.live import Live

from ops.cli.exit_code import ExitCode
from ops.cli.fleet import PodResult, ask_all, worst_of
from ops.cli.output import Output, stdout
from ops.cli.render import statistics
from ops.cli.top_view import Frame, picture
from ops.cli.traffic import Stats, together, traffic_between

if TYPE_CHECKING:
    from ops.cli.client import Client

HISTORY = 120

Show = Callable[[Frame], None]


@dataclass(frozen=True, slots=True)
class Watching:
    """How often to look, in seconds, and how many times; 0 is until somebody ends it."""

    interval: float
    times: int

    def watch(self, clients: "Sequence[Client]", output: Output) -> ExitCode:
        """Show what happens until it ends; return how the last look went, or the first if nobody answers it."""
        first = _look(clients)
        if all(result.error for result in first):
            return output.show(first, statistics)
        if output.is_talkative and sys.stdout.isatty():
            with Live(console=Console(highlight=False), screen=True, auto_refresh=False) as live:
                return self._run(clients, first, lambda frame: live.update(_sized(frame, live.console), refresh=True))
        return self._run(clients, first, _printed(output))

    def _run(self, clients: "Sequence[Client]", first: list[PodResult], show: Show) -> ExitCode:
        history: deque[float] = deque(maxlen=HISTORY)
        code = ExitCode.DONE
        try:
            for results in self._looks(clients, first):
                answers = [result.data for result in results if result.data is not None]
                history.append(together(answers).requests)
                show(Frame(results, tuple(history), self.interval))
                code = worst_of(results)
        except KeyboardInterrupt:
            return ExitCode.DONE
        return code

    def _looks(self, clients: "Sequence[Client]", first: list[PodResult]) -> Iterator[list[PodResult]]:
        """What happened between each look and the one before."""
        known = _known(first)
        for _ in count() if self.times == 0 else range(self.times):
            time.sleep(self.interval)
            results = _look(clients)
            yield [_compared(result, known) for result in results]
            known |= _known(results)


def _look(clients: "Sequence[Client]") -> list[PodResult]:
    return ask_all(clients, lambda client: client.get("cache/stats"))


def _known(results: Sequence[PodResult]) -> dict[str, Stats]:
    return {result.pod: result.data for result in results if result.data is not None}


def _compared(result: PodResult, known: dict[str, Stats]) -> PodResult:
    """The traffic of a pod; what came up only now counts from this look on."""
    if result.data is None:
        return result
    return replace(result, data=traffic_between(known.get(result.pod, result.data), result.data))


def _sized(frame: Frame, console: Console) -> Any:
    return picture(replace(frame, width=console.width))


def _printed(output: Output) -> Show:
    if output.is_talkative:
        return lambda frame: stdout().print(picture(frame))
    return output.frame
