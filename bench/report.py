"""The table of ratios."""

from collections.abc import Iterable, Sequence

from rich import box
from rich.console import Console
from rich.table import Table

from bench.case import Case
from bench.metric import CPU, P50, P99, Metric
from bench.outcome import Outcome
from bench.rows import Row, rows
from bench.servers import OURS
from bench.target import Spread, Verdict

_WIDTH = 212
"""Where the output is no terminal."""

_STYLES = {Verdict.MET: "green", Verdict.MISSED: "bold red", Verdict.NONE: ""}
_LEFT = ("case", "measure", "against")
_NOTHING = "-"


def console() -> Console:
    """A console that is as wide as the table where nobody says how wide it is."""
    made = Console()
    return made if made.is_terminal else Console(width=_WIDTH)


def table(results: Iterable[tuple[Case, Outcome]]) -> Table:
    """Ours / theirs, case by case; ratios are medians over the rounds, least and greatest behind them."""
    made = Table(title=f"{OURS} against its peers, ours / theirs", box=box.SIMPLE_HEAD, pad_edge=False)
    for title in (
        *_LEFT,
        OURS,
        "theirs",
        "ratio",
        "spread",
        "per CPU s",
        "target",
        "verdict",
        "p50 ms",
        "p99 ms",
        "CPU s/1k",
        "RSS MiB",
    ):
        made.add_column(title, justify="left" if title in _LEFT else "right", overflow="fold")
    for case, outcome in results:
        for cells in _lines(case, outcome):
            made.add_row(*cells)
        made.add_section()
    return made


def _lines(case: Case, outcome: Outcome) -> Iterable[Sequence[str]]:
    name = case.name
    if outcome.skipped:
        yield (name, f"[dim]skipped: {outcome.skipped}[/]")
        return
    for row in rows(case, outcome):
        yield (name, *_cells(row), *_company(row, outcome))
        name = ""


def _cells(row: Row) -> Sequence[str]:
    style = _STYLES[row.verdict]
    verdict = f"[{style}]{row.verdict}[/]" if style else ""
    return (
        row.metric.title,
        row.peer or _NOTHING,
        row.metric.text(row.ours),
        "" if row.theirs is None else row.metric.text(row.theirs),
        "" if row.ratio is None else f"{row.ratio.median:.2f}",
        _spread(row),
        "" if row.per_cpu_second is None else f"{row.per_cpu_second.median:.2f}",
        "" if row.target is None else str(row.target),
        verdict,
    )


def _spread(row: Row) -> str:
    def text(spread: Spread, one: Metric | None) -> str:
        low, high = (f"{value:.2f}" if one is None else one.text(value) for value in (spread.low, spread.high))
        return f"{low} … {high}"

    return text(row.own, row.metric) if row.ratio is None else text(row.ratio, None)


def _company(row: Row, outcome: Outcome) -> Sequence[str]:
    """What is shown beside the main line of a pair."""
    if not row.is_main:
        return ()
    return (*(_pair(outcome, metric, row.peer) for metric in (P50, P99, CPU)), _memory(outcome, row.peer))


def _pair(outcome: Outcome, metric: Metric, peer: str | None) -> str:
    values = [outcome.median(name, metric) for name in (OURS, peer) if name is not None]
    return " / ".join(_NOTHING if value is None else metric.text(value) for value in values) if any(values) else ""


def _memory(outcome: Outcome, peer: str | None) -> str:
    every = [outcome.memory.get(name, []) for name in (OURS, peer) if name is not None]
    return " / ".join("+".join(f"{value:.0f}" for value in values) or _NOTHING for values in every)
