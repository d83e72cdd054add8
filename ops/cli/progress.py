"""A bar for each pod while something takes its time."""

import sys
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeElapsedColumn

from ops.cli.fleet import Answer, PodResult, Report, ask_all

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ops.cli.client import Client
    from ops.cli.output import Output

Work = Callable[["Client", Report], Answer]


def ask_with_bars(output: "Output", clients: "Sequence[Client]", work: Work) -> list[PodResult]:
    """Do the work with every pod; a terminal that looks on sees how far each has come, on stderr."""
    console = Console(stderr=True)
    if not (output.is_talkative and sys.stderr.isatty()):
        return ask_all(clients, lambda client: work(client, _nobody))
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True) as progress:
        bars = {client.target: progress.add_task(client.target.pod, total=None) for client in clients}
        return ask_all(clients, lambda client: work(client, partial(_move, progress, bars[client.target])))


def _nobody(done: int, total: int | None) -> None:
    """Nobody looks on."""


def _move(progress: Progress, bar: TaskID, done: int, total: int | None) -> None:
    progress.update(bar, completed=done, total=total)
