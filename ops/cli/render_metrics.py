"""Metrics as a person reads them. Pure."""

from collections.abc import Sequence
from typing import Any

from rich import box
from rich.console import RenderableType
from rich.table import Table

from ops.cli.fleet import PodResult
from ops.cli.text import printable


def measured(results: Sequence[PodResult]) -> RenderableType:
    """A row for each sample, a column for each pod."""
    pods = [result for result in results if result.data is not None]
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False)
    table.add_column("metric", overflow="fold")
    table.add_column("labels", overflow="fold", style="dim")
    for result in pods:
        table.add_column("value" if len(results) == 1 else printable(result.pod), justify="right")
    columns = [{_name(sample): sample["value"] for sample in result.data} for result in pods]
    for name, labels in dict.fromkeys(key for column in columns for key in column):
        table.add_row(printable(name), printable(labels), *(number(column.get((name, labels))) for column in columns))
    return table


def _name(sample: dict[str, Any]) -> tuple[str, str]:
    return sample["name"], " ".join(f"{name}={value}" for name, value in sample["labels"].items())


def number(value: float | str | None) -> str:
    """A sample's value, whole where it is whole."""
    if not isinstance(value, float | int):
        return "-" if value is None else value
    return f"{value:,.0f}" if value == int(value) else f"{value:,.6g}"
