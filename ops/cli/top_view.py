"""The picture of s3ops top. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass

from rich import box
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from ops.cli.fleet import PodResult
from ops.cli.sheet import verdict
from ops.cli.text import count, duration, printable, ratio, size, sparkline
from ops.cli.traffic import SHARES, Traffic, WorkerTraffic, together

BAR_WIDTH = 30
TOP_OUTCOMES = 8
_COLOURS = {"hit": "green", "stale": "yellow", "collapsed": "cyan", "revalidated": "blue", "miss": "magenta"}


@dataclass(frozen=True, slots=True)
class Frame:
    """What one picture shows: each pod's result, whose data is a Traffic, and the past of all requests a second."""

    results: Sequence[PodResult]
    history: Sequence[float]
    interval: float
    width: int = 80


def picture(frame: Frame) -> RenderableType:
    """One screen."""
    answering = [result.data for result in frame.results if result.data is not None]
    whole = together(answering)
    rows: list[RenderableType] = [
        _heading(frame, len(answering)),
        Text(),
        _numbers(frame, whole),
        Text(),
        _outcomes(whole),
    ]
    if len(frame.results) > 1:
        rows += [Text(), _pods(frame.results)]
    elif answering:
        rows += [Text(), _workers(answering[0].workers)]
    return Group(*rows)


def _heading(frame: Frame, answering: int) -> Text:
    number = len(frame.results)
    pods = printable(frame.results[0].pod) if number == 1 else f"{answering} of {number} pods"
    told = Text.assemble(("s3ops top", "bold"), f"   {pods}   every {frame.interval:g} s   ", ("Ctrl-C ends", "dim"))
    for result in frame.results:
        if result.error:
            told.append(f"\n{printable(result.pod)}: {printable(result.error)}", style="red")
    return told


def _numbers(frame: Frame, whole: Traffic) -> Table:
    table = Table.grid(padding=(0, 2))
    table.add_column(style="dim")
    spans = zip(SHARES, whole.latencies, strict=True)
    latency = "   ".join(f"p{share * 100:g} {'-' if span is None else duration(span)}" for share, span in spans)
    past = sparkline(frame.history, max(10, min(60, frame.width - 34)))
    table.add_row("requests/s", Text.assemble((f"{count(round(whole.requests, 1)):>9}", "bold"), "  ", (past, "cyan")))
    table.add_row("hit ratio", Text(f"{_share(whole.hit_ratio):>9}", style="bold green"))
    table.add_row("sent", f"{size(whole.sent_bytes):>9}/s   in flight {whole.in_flight}")
    table.add_row("latency", f"  {latency}")
    table.add_row("S3 requests", f"{count(round(whole.origin_requests, 1)):>9}/s")
    stored = f"{size(whole.cache_bytes)} of {size(whole.cache_limit_bytes)}"
    table.add_row("stored", f"  {stored} ({ratio(whole.cache_bytes, whole.cache_limit_bytes)})")
    return table


def _share(share: float | None) -> str:
    return "-" if share is None else f"{share:.1%}"


def _outcomes(whole: Traffic) -> Table:
    table = Table.grid(padding=(0, 2))
    seen = [pair for pair in whole.outcomes.items() if pair[1] > 0]
    ordered = sorted(seen, key=lambda pair: -pair[1])[:TOP_OUTCOMES]
    most = max((rate for _, rate in ordered), default=0)
    table.add_column(style="dim", min_width=11)
    table.add_column(justify="right", min_width=9)
    for outcome, rate in ordered:
        bar = "█" * round(BAR_WIDTH * rate / most)
        share = ratio(rate, sum(whole.outcomes.values()))
        colour = _COLOURS.get(outcome, "white")
        table.add_row(
            printable(outcome), f"{count(round(rate, 1))}/s", Text(f"{bar:<{BAR_WIDTH}}", style=colour), share
        )
    return table


def _pods(results: Sequence[PodResult]) -> Table:
    table = _table("pod", "result", "requests/s", "hit ratio", "sent/s", "p99", "in flight")
    for result in results:
        traffic: Traffic | None = result.data
        told = ["-"] * 5 if traffic is None else _pod(traffic)
        table.add_row(printable(result.pod), verdict(result.code), *told)
    return table


def _pod(traffic: Traffic) -> list[str]:
    slowest = traffic.latencies[-1]
    return [
        count(round(traffic.requests, 1)),
        _share(traffic.hit_ratio),
        size(traffic.sent_bytes),
        "-" if slowest is None else duration(slowest),
        str(traffic.in_flight),
    ]


def _workers(workers: Sequence[WorkerTraffic]) -> Table:
    table = _table("worker", "pid", "requests/s", "sent/s", "in flight", "loop lag", "restarts")
    for worker in workers:
        lag = worker.loop_lag_seconds
        table.add_row(
            Text(str(worker.worker) if worker.is_up else f"{worker.worker} down", style="" if worker.is_up else "red"),
            str(worker.pid or "-"),
            count(round(worker.requests, 1)),
            size(worker.sent_bytes),
            str(worker.in_flight),
            "-" if lag is None else duration(lag),
            Text(str(worker.restarts), style="red" if worker.restarts else ""),
        )
    return table


def _table(first: str, *others: str) -> Table:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False)
    table.add_column(first)
    for heading in others:
        table.add_column(heading, justify="left" if heading == "result" else "right")
    return table
