"""The process that writes records, within this one: what it reads, how it ends, what its successor finds."""

import asyncio
import os
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from support.until import PATIENCE_SECONDS, soon
from unit.ops.board import Board
from unit.ops.recording.requests import a_request, packed

from ops.metrics.numbers import RECORDS, Counts, Part
from ops.metrics.overview import Overview
from ops.recording.channel import Channel, open_channel
from ops.recording.recorder import Order, Recorder, unsettled
from sidecar.settings import load
from sidecar.tasks import Tasks


@pytest.fixture
def channel() -> Iterator[Channel]:
    """A channel whose writer is the test."""
    channel = open_channel()
    yield channel
    for end in channel:
        end.close()


def an_order(board: Board, channel: Channel, path: Path) -> Order:
    """What the process is given."""
    settings = load({"bucket": "site", "record_file": str(path)}, {})
    return Order(settings, channel.reading, board.memory, lambda _: None)


def written(overview: Overview, name: str) -> int:
    """A number of the file's."""
    return overview.total(f"records_{name}", "file")


async def test_it_writes_until_nobody_can_send(channel: Channel, tmp_path: Path) -> None:
    """What was sent before the end is written before it ends."""
    board, path = Board(), tmp_path / "records"
    for number in range(10):
        channel.writing.send(packed([a_request(f"/{number}"), a_request(f"/{number}")]))
    channel.writing.close()
    async with asyncio.timeout(PATIENCE_SECONDS):
        await Recorder(an_order(board, channel, path)).run()
    assert len(path.read_bytes().splitlines()) == 20
    overview = board.overview()
    assert written(overview, "queued_total") == written(overview, "written_total") == 20
    assert (overview.recorder.pid, overview.recorder.starts) == (os.getpid(), 1)
    assert [worker.starts for worker in overview.workers] == [0, 0]


async def test_what_a_predecessor_had(channel: Channel, tmp_path: Path) -> None:
    """What it has received and not settled is counted as lost."""
    board = Board()
    counts = Counts(Part(board.memory, RECORDS))
    counts.add_at_once("records_queued_total", "file", by=7)
    counts.add("records_written_total", "file", by=4)
    counts.publish()
    channel.writing.close()
    await Recorder(an_order(board, channel, tmp_path / "records")).run()
    assert board.overview().total("records_dropped_total", "file", "lost") == 3
    assert unsettled(Part(board.memory, RECORDS).read(), "file") == 0


async def test_what_was_received_is_known_at_once(channel: Channel, tmp_path: Path) -> None:
    """Whoever comes next knows of records that nobody has looked at yet."""
    board, tasks = Board(), Tasks()
    tasks.spawn(Recorder(an_order(board, channel, tmp_path / "none" / "records")).run(), name="record")
    channel.writing.send(packed([a_request()] * 3))
    await soon(lambda: written(board.overview(), "queued_total") == 3)
    assert unsettled(Part(board.memory, RECORDS).read(), "file") == 3
    await tasks.cancel_all()


async def test_nothing_is_received_that_is_not_counted(channel: Channel, tmp_path: Path) -> None:
    """Killed at any moment, it leaves a message either to whoever comes next, or in the numbers."""
    board = Board()
    end = NotingEnd(board, os.dup(channel.reading.fileno()))
    for _ in range(3):
        channel.writing.send(packed([a_request()] * 5))
    channel.writing.close()
    with end:
        await Recorder(an_order(board, Channel(end, channel.writing), tmp_path / "records")).run()
    assert end.seen == [5, 10, 15]


class NotingEnd(socket.socket):
    """An end of a channel that notes how many records are counted when a message leaves it."""

    def __init__(self, board: Board, fileno: int) -> None:
        super().__init__(fileno=fileno)
        self._board = board
        self.seen: list[int] = []

    def recv_into(self, buffer: Any, nbytes: int = 0, flags: int = 0) -> int:
        """Look, unless it stays there."""
        size = super().recv_into(buffer, nbytes, flags)
        if size and not flags & socket.MSG_PEEK:
            self._look()
        return size

    def recv(self, bufsize: int, flags: int = 0) -> bytes:
        """Look."""
        self._look()
        return super().recv(bufsize, flags)

    def _look(self) -> None:
        self.seen.append(written(self._board.overview(), "queued_total"))


async def test_a_message_that_is_none(channel: Channel, tmp_path: Path) -> None:
    """Rather than to go on without a sink, the process ends with an error, and another takes its place."""
    channel.writing.send(packed([a_request()])[:-20])
    with pytest.raises(RuntimeError, match="not written to any more"):
        async with asyncio.timeout(PATIENCE_SECONDS):
            await Recorder(an_order(Board(), channel, tmp_path / "records")).run()
