"""The picture of s3ops bench. Pure."""

from collections.abc import Sequence

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from ops.cli.fleet import PodResult
from ops.cli.render import counts
from ops.cli.sheet import Facts, sheet
from ops.cli.text import count, duration, size

BAR_WIDTH = 40

_FACTS: Facts = {
    "requests": lambda data: f"{count(data['requests'])} in {duration(data['seconds'])}",
    "rate": lambda data: f"{count(round(data['requests_per_second']))}/s, {size(data['bytes_per_second'])}/s",
    "statuses": lambda data: counts(data["statuses"]),
    "Cache-Status": lambda data: counts(data["cache_status"]),
    "latency": lambda data: "   ".join(f"{name} {duration(span)}" for name, span in data["latency_seconds"].items()),
}


def loaded(results: Sequence[PodResult]) -> RenderableType:
    """Numbers, and how often each latency came, for each pod."""
    bars = [part for result in results if result.data for part in _bars(result, is_alone=len(results) == 1)]
    return Group(sheet(results, _FACTS), *bars)


def _bars(result: PodResult, *, is_alone: bool) -> list[RenderableType]:
    rows = result.data["histogram"]
    most = max((number for *_, number in rows), default=0)
    table = Table.grid(padding=(0, 1))
    table.add_column(justify="right", style="dim")
    table.add_column(style="cyan")
    table.add_column(justify="right")
    for _, high, number in rows:
        table.add_row(f"≤ {duration(high)}", bar(number, most), count(number))
    return [Text() if is_alone else Text(f"\n{result.pod}", style="bold"), table]


def bar(number: int, most: int) -> str:
    """A bar of the number's share of the width; a trace of one for what is not nothing."""
    return "█" * round(BAR_WIDTH * number / most) or ("▏" if number else "")
