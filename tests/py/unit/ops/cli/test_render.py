"""Answers as a person reads them."""

import copy
import io
from collections.abc import Callable, Sequence
from typing import Any

import pytest
from rich.console import Console, RenderableType
from unit.ops.cli.answers import CONFIG, ENTRY, NOTHING_STORED, STATS, later

from ops.cli import render
from ops.cli.bench_view import loaded
from ops.cli.exit_code import ExitCode
from ops.cli.fleet import PodResult
from ops.cli.render_metrics import measured
from ops.cli.top_view import Frame, picture
from ops.cli.traffic import traffic_between

View = Callable[[Sequence[PodResult]], RenderableType]

READY = {"status": "pass", "checks": {"workers": {"status": "pass", "detail": "2 of 2 workers are up"}}}
NOT_READY = {"status": "fail", "checks": {"bucket": {"status": "fail", "detail": "the bucket does not answer"}}}
PURGED = {"rules": [{"scope": "prefix", "value": "", "soft": True}], "removed": 0, "failed": 0, "failures": []}
LOADED = {
    "requests": 3, "seconds": 0.5, "requests_per_second": 6.0, "bytes_per_second": 2048.0, "statuses": {"200": 3},
    "cache_status": {"hit": 3}, "broken": 0, "latency_seconds": {"p50": 0.002},
    "histogram": [(0.001, 0.002, 2), (0.002, 0.004, 1)],
}  # fmt: skip
SAMPLES = [{"name": "s3_sidecar_requests_total", "labels": {"outcome": "hit"}, "value": 12.0, "type": "counter"}]

VIEWS: dict[str, tuple[View, Any, list[str]]] = {
    "cleared": (render.cleared, {"cleared": True}, ["cleared"]),
    "purged": (render.purged, PURGED, ["prefix (everything) (softly)"]),
    "warmed": (render.warmed, {"done": 3, "hits": 1, "fetched": 1, "missing": 0, "failed": 1}, ["stored before", "3"]),
    "statistics": (
        render.statistics,
        STATS,
        ["93.2%", "1,200", "4.0 KiB of 1.0 GiB", "3 h", "hit 1,100, miss 80, none 20"],
    ),
    "ready": (render.standing, {"stats": STATS, "ready": READY}, ["yes", "2 of 2 up"]),
    "not-ready": (render.standing, {"stats": STATS, "ready": NOT_READY}, ["bucket: the bucket does not answer"]),
    "readiness-unknown": (render.standing, {"stats": STATS, "ready": None}, ["unknown"]),
    "explained": (
        render.explained,
        ENTRY,
        [
            "a hit: it is fresh for another 289 s",
            "v2/index.html in bucket my-docs",
            "memory and disk",
            "5.0 KiB",
            '"abc"',
        ],
    ),
    "nothing-stored": (render.explained, NOTHING_STORED, ["a miss: nothing is stored", "nowhere"]),
    "release": (render.released, {"prefix": "v2/"}, ["v2/"]),
    "switched": (render.released, {"prefix": "", "previous": "v1/"}, ["(the whole bucket)", "v1/"]),
    "configured": (render.configured, CONFIG, ["my-site", "****", "true", "none", "mount /docs", "bucket my-docs"]),
    "loaded": (
        loaded,
        LOADED,
        ["3 in 500 ms", "6/s, 2.0 KiB/s", "≤ 2.0 ms ████████████████████████████████████████ 2"],
    ),
    "measured": (measured, SAMPLES, ["s3_sidecar_requests_total", "outcome=hit", "12"]),
}


def drawn(shown: RenderableType, width: int = 160) -> str:
    """What a terminal without colours shows."""
    console = Console(file=io.StringIO(), width=width, color_system=None, highlight=False)
    console.print(shown)
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


@pytest.mark.parametrize(("view", "data", "words"), VIEWS.values(), ids=VIEWS)
def test_one_pod(view: View, data: Any, words: list[str]) -> None:
    """A list of facts, none of which was misread: a dash stands for those."""
    shown = drawn(view([PodResult("10.0.0.7:8000", data=data)]))
    assert all(word in shown for word in words)
    if data is not NOTHING_STORED:
        assert " - " not in shown.replace("\n", " \n")


@pytest.mark.parametrize(("view", "data", "words"), VIEWS.values(), ids=VIEWS)
def test_several_pods(view: View, data: Any, words: list[str]) -> None:
    """A row or a heading for each; the one that fails is there too, but for the metrics, which are a column each."""
    results = [PodResult("10.0.0.7:8000", data=data), PodResult("10.0.0.8:8000", ExitCode.UNREACHABLE, error="gone")]
    shown = drawn(view(results), width=400)
    assert "10.0.0.7:8000" in shown
    assert ("10.0.0.8:8000" in shown) is (view not in {measured, loaded} or view is loaded)


@pytest.mark.parametrize(("view", "data", "words"), VIEWS.values(), ids=VIEWS)
def test_what_a_server_leaves_out(view: View, data: Any, words: list[str]) -> None:
    """An older or a newer server may tell less: that is a dash, no crash."""
    if view not in {loaded, measured}:
        assert "None" not in drawn(view([PodResult("pod", data={})]))


def test_foreign_text_steers_nothing() -> None:
    """A key with an escape sequence, and one that looks like markup."""
    entry = copy.deepcopy(ENTRY) | {"object_key": "\x1b[2J[red]a[/red]"}
    shown = drawn(render.explained([PodResult("pod", data=entry)]))
    assert "\x1b" not in shown
    assert r"\x1b[2J[red]a[/red]" in shown


def test_top_of_one_pod() -> None:
    """Rates, ratio, latency, outcomes, and a row for each worker."""
    traffic = traffic_between(STATS, later(1.0, hits=90, misses=10, sent_bytes=2048))
    shown = drawn(picture(Frame([PodResult("10.0.0.7:8000", data=traffic)], (10, 50, 100), 1.0)), width=80)
    assert "▁▄█" in shown
    for word in ("10.0.0.7:8000", "100", "90.0%", "2.0 KiB/s", "p50 50 µs", "90/s", "4711", "200 µs"):
        assert word in shown
    assert max(map(len, shown.splitlines())) <= 80


def test_top_of_several_pods() -> None:
    """Sums above, a row for each pod below, and why one does not answer."""
    traffic = traffic_between(STATS, later(1.0, hits=100))
    gone = PodResult("10.0.0.8:8000", ExitCode.UNREACHABLE, error="nobody listens there")
    shown = drawn(picture(Frame([PodResult("10.0.0.7:8000", data=traffic), gone], (), 1.0)), width=100)
    assert "1 of 2 pods" in shown
    assert "10.0.0.8:8000: nobody listens there" in shown
    assert "unreachable" in shown


def test_top_without_anybody() -> None:
    """Nobody answers any more: there is a picture all the same."""
    gone = PodResult("pod", ExitCode.UNREACHABLE, error="nobody listens there")
    assert "nobody listens there" in drawn(picture(Frame([gone], (1.0,), 1.0)))
