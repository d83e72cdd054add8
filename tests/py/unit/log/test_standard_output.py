"""Messages on standard output: there at once when somebody reads, and no reason to wait when nobody does."""

import contextlib
import fcntl
import logging
import os
import threading
import time
from collections.abc import Iterator
from typing import BinaryIO, NamedTuple, TextIO

import pytest
from support.until import PATIENCE_SECONDS as LONG_SECONDS

from sidecar.log.outlet import Outlet
from sidecar.log.outlet_handler import PATIENCE_SECONDS, OutletHandler
from sidecar.log.standard_output import StandardOutput

PIPE_BUF = 4096
LINE = b"x" * 511 + b"\n"


class Pipe(NamedTuple):
    """A pipe that is standard output, and its other end."""

    source: BinaryIO
    descriptor: int
    stream: TextIO

    def output(self) -> StandardOutput:
        """Standard output, whatever the test's own is just now."""
        with contextlib.redirect_stdout(self.stream):
            return StandardOutput()

    def fill(self) -> int:
        """Leave no room in it; how many bytes are in it now."""
        os.set_blocking(self.descriptor, False)
        size = 0
        with contextlib.suppress(BlockingIOError):
            while True:
                size += os.write(self.descriptor, LINE)
        os.set_blocking(self.descriptor, True)
        return size


@pytest.fixture
def pipe() -> Iterator[Pipe]:
    """Standard output is a pipe of 64 KiB."""
    source, sink = os.pipe()
    fcntl.fcntl(sink, fcntl.F_SETPIPE_SZ, 65536)
    with os.fdopen(source, "rb") as reader, os.fdopen(sink, "w") as output, contextlib.redirect_stdout(output):
        yield Pipe(reader, sink, output)


@pytest.fixture
def console(pipe: Pipe) -> Iterator[logging.Logger]:
    """A logger whose lines go there."""
    logger, handler = logging.Logger("on-the-console"), OutletHandler(StandardOutput())  # noqa: LOG001 - of no other's handlers
    logger.addHandler(handler)
    yield logger
    handler.close()


@pytest.fixture
def patient(pipe: Pipe) -> Iterator[logging.Logger]:
    """One whose patience does not depend on how busy the machine is."""
    logger, handler = logging.Logger("on-the-console"), OutletHandler(StandardOutput(), LONG_SECONDS)  # noqa: LOG001 - likewise
    logger.addHandler(handler)
    yield logger
    handler.close()


def test_a_message_is_there_at_once(pipe: Pipe, patient: logging.Logger) -> None:
    """Before its process goes on: whoever reads after that has it."""
    os.set_blocking(pipe.source.fileno(), False)
    for number in range(200):
        patient.warning("message %d %s", number, "\udcff")
        assert pipe.source.read() == f"message {number} \\udcff\n".encode()


def test_nobody_waits_when_nobody_reads(pipe: Pipe, console: logging.Logger) -> None:
    """A full pipe costs a moment once, and not each time; when somebody reads, all that fits in comes."""
    filled = pipe.fill()
    began = time.monotonic()
    for number in range(1000):
        console.warning("message %d", number)
    assert time.monotonic() - began < 100 * PATIENCE_SECONDS
    assert pipe.source.read(filled) == LINE * (filled // len(LINE))
    assert [pipe.source.readline() for _ in range(1000)] == [b"message %d\n" % number for number in range(1000)]


def test_a_message_that_cannot_be_made(console: logging.Logger, capsys: pytest.CaptureFixture[str]) -> None:
    """It is told on stderr, and the server goes on."""
    console.warning("%d", "no number")
    assert "Logging error" in capsys.readouterr().err


def test_nobody_is_there_any_more(pipe: Pipe, patient: logging.Logger, caplog: pytest.LogCaptureFixture) -> None:
    """A reader that is gone ends nothing."""
    pipe.source.close()
    patient.warning("message")
    assert caplog.messages == ["stdout cannot be written (Broken pipe): its lines are lost until it can"]


def test_an_output_that_does_not_block(pipe: Pipe) -> None:
    """Whoever shares it may have made it so: lines wait for room all the same."""
    filled = pipe.fill()
    os.set_blocking(pipe.descriptor, False)
    writer = threading.Thread(target=pipe.output().write, args=(b"late\n",))
    writer.start()
    assert pipe.source.read(filled + 5).endswith(LINE + b"late\n")
    writer.join()


def test_lines_of_two_processes_do_not_mix(pipe: Pipe) -> None:
    """What is written at once is no more than a pipe takes as one (pipe(7))."""
    one, other = (Outlet(pipe.output(), delay_seconds=0) for _ in range(2))
    received: list[bytes] = []
    reader = threading.Thread(target=lambda: received.extend(pipe.source.readline() for _ in range(4000)))
    reader.start()
    for number in range(2000):
        one.put(b"a%06d" % number + b"a" * 700 + b"\n")
        other.put(b"b%06d" % number + b"b" * 900 + b"\n")
    reader.join(30)
    assert len(received) == 4000
    assert {(line[:1], len(set(line[7:-1])), len(line)) for line in received} == {(b"a", 1, 708), (b"b", 1, 908)}
    assert StandardOutput.piece_bytes == PIPE_BUF
    for outlet in (one, other):
        outlet.close(1)
