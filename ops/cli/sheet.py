"""The shape of most answers: a list of facts for one pod, a table with a row per pod for several. Pure."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from rich import box
from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from ops.cli.exit_code import ExitCode
from ops.cli.fleet import PodResult
from ops.cli.text import printable

Fact = str | Text
Facts = Mapping[str, Callable[[Any], Fact]]
"""Headings, and how each is read off a pod's data."""

_STYLES = {ExitCode.DONE: "green", ExitCode.PARTLY: "yellow"}


def sheet(results: Sequence[PodResult], facts: Facts) -> RenderableType:
    """What is known of each pod; one that did not answer has only its result."""
    if len(results) == 1:
        return _list(results[0], facts)
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False)
    for heading in ("pod", "result", *facts):
        table.add_column(heading, overflow="fold", no_wrap=heading in {"pod", "result"})
    for result in results:
        told = [cell(read, result.data) for read in facts.values()] if result.data is not None else []
        table.add_row(printable(result.pod), verdict(result.code), *told)
    return table


def _list(result: PodResult, facts: Facts) -> Table:
    table = Table.grid(padding=(0, 2))
    table.add_column(style="dim")
    table.add_column(overflow="fold")
    for heading, read in facts.items():
        table.add_row(heading, cell(read, result.data))
    return table


def cell(read: Callable[[Any], Fact], data: Any) -> Text:
    """A fact, safe to show; a dash where the server does not tell it, as an older or a newer one may not."""
    try:
        told = read(data)
    except (AttributeError, LookupError, TypeError, ValueError):
        return Text("-", style="dim")
    return told if isinstance(told, Text) else Text(printable(told))


def verdict(code: ExitCode) -> Text:
    """How it went, in colour."""
    return Text(code.word, style=_STYLES.get(code, "red"))
