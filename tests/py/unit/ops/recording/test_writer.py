"""What one sink is written to, with a real file, and with one that refuses some of what it gets."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.until import PATIENCE_SECONDS, soon
from unit.ops.board import Board
from unit.ops.recording.requests import a_request, packed

from ops.geo.location import Nowhere
from ops.metrics.numbers import Counts
from ops.recording.backlog import Backlog
from ops.recording.message import Message, message_of
from ops.recording.recorder import unsettled
from ops.recording.writer import Writer
from ops.records import Record
from ops.sinks.base import Delivery, Sink, SinkUnavailableError
from ops.sinks.file import FileSink
from sidecar.clock import SystemClock
from sidecar.tasks import Tasks


class Moody:
    """A sink that does with each batch what it is told: take it, refuse some, forget some, fail, or break."""

    name = "mongo"

    def __init__(self, moods: Sequence[str]) -> None:
        self._moods = list(moods)
        self.written: list[str] = []
        self.handed: list[Sequence[Record]] = []
        self.starts = 0

    async def start(self) -> None:
        """Count."""
        self.starts += 1

    async def write(self, batch: Sequence[Record]) -> Delivery:
        """Do the next thing."""
        self.handed.append(batch)
        match self._moods.pop(0) if self._moods else "take":
            case "refuse":
                return Delivery(len(batch) - 1, {"refused": 1})
            case "forget":
                return Delivery(len(batch) - 1)
            case "strange":
                return Delivery(0, {"a reason of its own": len(batch)})
            case "fail":
                raise SinkUnavailableError("not now")
            case "break":
                raise ZeroDivisionError
        self.written += [record.resource for record in batch]
        return Delivery(len(batch))

    async def close(self) -> None:
        """Nothing is held."""


@asynccontextmanager
async def writing(sink: Sink, counts: Counts, limit: int = 1000) -> AsyncIterator[Writer]:
    """A writer at work, which has written everything at the end."""
    writer = Writer(sink, Backlog(limit), Nowhere(), counts, SystemClock())
    tasks = Tasks()
    task = tasks.spawn(writer.run(), name="write")
    try:
        yield writer
        writer.finish()
        async with asyncio.timeout(PATIENCE_SECONDS):
            await task
    finally:
        await tasks.cancel_all()
        await writer.close()


def a_message(*resources: str) -> Message:
    """Records of long ago."""
    return message_of(packed([a_request(resource, timestamp_ns=1) for resource in resources]), 1)


async def test_a_file_that_is_not_to_be_had(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """Records wait until it is, are all written then, and the outage is told once."""
    caplog.set_level("INFO", logger="ops")
    path, counts = tmp_path / "later" / "records", Board().begin(1)
    async with writing(FileSink(path), counts) as writer:
        writer.put(a_message("/a", "/b"))
        await soon(lambda: "file does not answer" in caplog.text)
        assert unsettled(counts.numbers, "file") == 2
        path.parent.mkdir()
        writer.put(a_message("/c"))
    assert len(path.read_text().splitlines()) == 3
    assert unsettled(counts.numbers, "file") == 0
    assert caplog.text.count("does not answer") == 1
    assert caplog.text.count("file answers again") == 1


async def test_the_same_batch_again() -> None:
    """A sink that has failed is started anew, and gets the very batch that it did not take."""
    sink, counts = Moody(["fail", "fail"]), Board().begin(1)
    async with writing(sink, counts) as writer:
        writer.put(a_message("/a", "/b"))
    assert sink.written == ["/a", "/b"]
    assert len(sink.handed) == 3
    assert all(batch is sink.handed[0] for batch in sink.handed)
    assert sink.starts == 3


async def test_it_is_started_again() -> None:
    """A sink that has worked and fails then is started anew too."""
    sink, counts = Moody(["take", "fail"]), Board().begin(1)
    async with writing(sink, counts) as writer:
        writer.put(a_message("/a"))
        await soon(lambda: sink.written == ["/a"])
        writer.put(a_message("/b"))
        await soon(lambda: sink.written == ["/a", "/b"])
    assert sink.starts == 2


@pytest.mark.parametrize(
    ("mood", "dropped"),
    [("refuse", {"refused": 1}), ("forget", {"other": 1}), ("strange", {"other": 3}), ("break", {"other": 3})],
)
async def test_why_records_are_dropped(mood: str, dropped: dict[str, int]) -> None:
    """By the sink's own reasons, as far as metrics know them; a sink that fails for good costs no more than a batch."""
    sink, board = Moody([mood]), Board()
    counts = board.begin(1)
    async with writing(sink, counts) as writer:
        writer.put(a_message("/a", "/b", "/c"))
        await soon(lambda: len(sink.handed) == 1)
    counts.publish()
    told = board.overview().by_label("records_dropped_total", "reason")
    assert {reason: count for reason, count in told.items() if count} == dropped
    assert unsettled(counts.numbers, "mongo") == 0


async def test_what_is_left_at_the_end(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """It is dropped, counted, and told once."""
    counts = Board().begin(1)
    writer, tasks = Writer(FileSink(tmp_path), Backlog(1000), Nowhere(), counts, SystemClock()), Tasks()
    tasks.spawn(writer.run(), name="write")
    writer.put(a_message("/a", "/b"))
    await soon(lambda: "does not answer" in caplog.text)
    await tasks.cancel_all()
    await writer.close()
    assert "2 records were dropped at the end: file did not take them in time" in caplog.text
    assert unsettled(counts.numbers, "file") == 0


@settings(deadline=None, max_examples=30)
@given(
    moods=st.lists(st.sampled_from(["take", "refuse", "forget", "strange", "fail", "break"]), min_size=1, max_size=4),
    sizes=st.lists(st.integers(1, 200), min_size=1, max_size=20),
    limit=st.integers(4, 400),
)
async def test_it_adds_up(moods: list[str], sizes: list[int], limit: int) -> None:
    """Whatever a sink does: queued is written and dropped, once everything is settled."""
    sink, counts = Moody(moods), Board().begin(1)
    async with writing(sink, counts, limit) as writer:
        for size in sizes:
            writer.put(a_message(*map(str, range(size))))
            await asyncio.sleep(0)
    assert unsettled(counts.numbers, "mongo") == 0
