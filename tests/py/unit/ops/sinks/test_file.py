"""Records in a file: appended, rotated, and never half."""

import asyncio
import json
import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from support.programs import clean_environment
from support.until import PATIENCE_SECONDS
from unit.ops.sinks.test_document import RECORD

from ops.records import Record
from ops.sinks.base import Delivery, SinkUnavailableError
from ops.sinks.file import MOST_FILES, FileSink, check, line_of
from ops.sinks.hand import Hand

LINE = len(line_of(RECORD))
WITHOUT_ROOM = """
import asyncio, resource, signal, sys
from pathlib import Path
from unit.ops.sinks.test_file import LINE, batch, resources
from ops.sinks.base import SinkUnavailableError
from ops.sinks.file import FileSink

async def main():
    sink = FileSink(Path(sys.argv[1]))
    await sink.write(batch(1, "/first"))
    resource.setrlimit(resource.RLIMIT_FSIZE, (3 * LINE, resource.RLIM_INFINITY))
    try:
        await sink.write(batch(5))
    except SinkUnavailableError as error:
        print(error, len(resources(Path(sys.argv[1]))), sep="\\n")
    resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    await sink.write(batch(5))

signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
asyncio.run(main())
"""


def batch(count: int = 1, resource: str = "/a") -> list[Record]:
    """Some records."""
    return [RECORD._replace(resource=resource)] * count


def resources(path: Path) -> list[str]:
    """What is in a file."""
    return [json.loads(line)["resource"] for line in path.read_text().splitlines()]


async def test_it_appends(tmp_path: Path) -> None:
    """What was there before stays."""
    path = tmp_path / "records"
    path.write_bytes(line_of(RECORD._replace(resource="/before")))
    sink = FileSink(path)
    await sink.start()
    assert await sink.write(batch(2)) == Delivery(2)
    await sink.close()
    assert resources(path) == ["/before", "/a", "/a"]


async def test_it_rotates(tmp_path: Path) -> None:
    """A full file is put aside; so many are kept, and the oldest goes."""
    path = tmp_path / "records"
    sink = FileSink(path, longest_bytes=2 * LINE + 10)
    for number in range(2 * MOST_FILES + 5):
        await sink.write(batch(1, f"/{number:02}"))
    await sink.close()
    assert len(os.listdir(tmp_path)) == MOST_FILES  # noqa: PTH208 - the fixture's folder
    assert resources(path) == ["/24"]
    assert resources(tmp_path / "records.1") == ["/22", "/23"]
    assert resources(tmp_path / f"records.{MOST_FILES - 1}") == ["/06", "/07"]


async def test_a_file_that_was_moved_away(tmp_path: Path) -> None:
    """Another program may rotate too: what follows is in a new file."""
    path = tmp_path / "records"
    sink = FileSink(path)
    await sink.write(batch(1, "/old"))
    path.rename(tmp_path / "old")
    await sink.write(batch(1, "/new"))
    await sink.close()
    assert (resources(tmp_path / "old"), resources(path)) == (["/old"], ["/new"])


async def test_a_full_disk() -> None:
    """It says what the kernel says."""
    sink = FileSink(Path("/dev/full"))
    with pytest.raises(SinkUnavailableError, match=r"/dev/full cannot be written: No space left on device"):
        await sink.write(batch())
    await sink.close()


def test_half_of_a_batch_is_taken_back(tmp_path: Path) -> None:
    """A limit in the middle of a batch: none of it stays, and all of it is there once there is room."""
    path, root = tmp_path / "records", Path(__file__).parents[5]
    environment = clean_environment(tmp_path) | {"PYTHONPATH": f"{root}:{root / 'tests/py'}"}
    child = [sys.executable, "-c", WITHOUT_ROOM, str(path)]
    done = subprocess.run(child, env=environment, capture_output=True, text=True, check=True)
    assert done.stdout == f"{path} cannot be written: File too large\n1\n"
    assert resources(path) == ["/first", *["/a"] * 5]


async def test_a_pipe(tmp_path: Path) -> None:
    """Nobody reads: it cannot be opened, and nothing waits; somebody does: the lines come."""
    path = tmp_path / "pipe"
    os.mkfifo(path)
    check(path)
    sink = FileSink(path)
    with pytest.raises(SinkUnavailableError):
        await sink.start()
    reader = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    await sink.start()
    await sink.write(batch())
    with pytest.raises(SinkUnavailableError):  # more than it holds
        await sink.write(batch(1000))
    read = b""
    while piece := os.read(reader, 65536):
        read += piece
        if len(piece) < 65536:
            break
    await sink.write(batch(1, "/next"))
    read += os.read(reader, 65536)
    os.close(reader)
    await sink.close()
    lines = read.splitlines()
    assert json.loads(lines[0])["resource"] == "/a"
    assert json.loads(lines[-1])["resource"] == "/next"  # on a line of its own, though the one before was broken off


async def test_what_hangs_holds_nobody_up() -> None:
    """Who waits may leave; nothing else is begun until it is over."""
    hand, gate = Hand("test"), threading.Event()

    def hang() -> None:
        gate.wait(20)

    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.05):
            await hand.do(hang)
    with pytest.raises(SinkUnavailableError, match="still hangs"):
        await hand.do(lambda: None)
    gate.set()
    done: list[int] = []
    async with asyncio.timeout(PATIENCE_SECONDS):
        while not done:
            try:
                await hand.do(lambda: done.append(1))
            except SinkUnavailableError:
                await asyncio.sleep(0.01)
    assert done == [1]
