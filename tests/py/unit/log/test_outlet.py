"""Lines on their way out: nobody waits for them, nothing grows, and what is lost is told."""

import logging
import threading

import pytest
from support.until import PATIENCE_SECONDS

from sidecar.log.outlet import Outlet

NEVER = 3600.0


class Paper:
    """Keeps what is written, in pieces of 100 bytes; waits while it is stopped, and fails while it is told to."""

    name = "paper"
    piece_bytes = 100

    def __init__(self) -> None:
        self.pieces: list[bytes] = []
        self.reached = threading.Event()
        self.may_go_on = threading.Event()
        self.may_go_on.set()
        self.error: OSError | None = None
        self.is_closed = threading.Event()

    def write(self, data: bytes) -> None:
        """Keep a piece."""
        self.reached.set()
        assert self.may_go_on.wait(PATIENCE_SECONDS)
        if self.error is not None:
            raise self.error
        self.pieces.append(data)

    def close(self) -> None:
        """Note it."""
        self.is_closed.set()


@pytest.fixture
def paper() -> Paper:
    """Nothing is written yet."""
    return Paper()


def stopped(paper: Paper, outlet: Outlet) -> None:
    """Let the outlet's thread stand in the middle of writing a line."""
    paper.may_go_on.clear()
    outlet.put(b"first\n")
    assert not outlet.flush(0)
    assert paper.reached.wait(PATIENCE_SECONDS)


def test_in_order_and_together(paper: Paper) -> None:
    """Lines are collected, and written in pieces of whole lines that are no longer than they may be."""
    outlet = Outlet(paper, delay_seconds=NEVER)
    lines = [b"%039d\n" % number for number in range(5)]
    for line in lines:
        outlet.put(line)
    assert paper.pieces == []
    assert outlet.flush(PATIENCE_SECONDS)
    assert paper.pieces == [lines[0] + lines[1], lines[2] + lines[3], lines[4]]
    assert outlet.is_idle


def test_a_line_longer_than_a_piece(paper: Paper) -> None:
    """It is written all the same, alone."""
    outlet = Outlet(paper)
    for line in (b"a\n", b"b" * 200 + b"\n", b"c\n"):
        outlet.put(line)
    outlet.flush(PATIENCE_SECONDS)
    assert paper.pieces == [b"a\n", b"b" * 200 + b"\n", b"c\n"]


def test_without_being_asked(paper: Paper) -> None:
    """After a while lines are written by themselves."""
    Outlet(paper, delay_seconds=0.01).put(b"a\n")
    assert paper.reached.wait(PATIENCE_SECONDS)


def test_earlier_when_half_full(paper: Paper) -> None:
    """A crowd is not kept waiting for the usual time."""
    outlet = Outlet(paper, delay_seconds=NEVER, most_lines=8)
    for _ in range(5):
        outlet.put(b"a\n")
    assert paper.reached.wait(PATIENCE_SECONDS)


def test_nobody_waits_for_a_slow_one(paper: Paper, caplog: pytest.LogCaptureFixture) -> None:
    """What is too many is lost and counted, and told once; the rest comes when it can."""
    outlet = Outlet(paper, most_lines=4)
    stopped(paper, outlet)
    for number in range(10):
        outlet.put(b"%d\n" % number)
    assert not outlet.is_idle
    paper.may_go_on.set()
    assert outlet.flush(PATIENCE_SECONDS)
    assert b"".join(paper.pieces) == b"first\n0\n1\n2\n3\n"
    assert outlet.lost == 6
    (told,) = caplog.messages
    assert told == "paper takes lines too slowly: what is too many is lost (told once)"


def test_what_cannot_be_written_is_lost(paper: Paper, caplog: pytest.LogCaptureFixture) -> None:
    """It is told when that begins, and when it is over."""
    caplog.set_level(logging.INFO)
    outlet = Outlet(paper)
    paper.error = OSError(28, "No space left on device")
    for _ in range(3):
        outlet.put(b"a\n")
        outlet.flush(PATIENCE_SECONDS)
    paper.error = None
    outlet.put(b"b\n")
    outlet.flush(PATIENCE_SECONDS)
    assert (paper.pieces, outlet.lost) == ([b"b\n"], 3)
    assert caplog.messages == [
        "paper cannot be written (No space left on device): its lines are lost until it can",
        "paper is written again; 3 lines were lost",
    ]


def test_close_writes_what_is_left(paper: Paper) -> None:
    """And closes the sink, which nobody writes to any more."""
    outlet = Outlet(paper, delay_seconds=NEVER)
    outlet.put(b"last\n")
    outlet.close(PATIENCE_SECONDS)
    assert paper.pieces == [b"last\n"]
    assert paper.is_closed.wait(PATIENCE_SECONDS)


def test_close_waits_for_no_slow_one(paper: Paper) -> None:
    """The end of a process is not for a pipe to decide."""
    outlet = Outlet(paper)
    stopped(paper, outlet)
    outlet.put(b"second\n")
    outlet.close(0.01)
    assert not paper.is_closed.is_set()
    paper.may_go_on.set()
    assert paper.is_closed.wait(PATIENCE_SECONDS)


def test_nothing_was_put(paper: Paper) -> None:
    """Without lines there is no thread, and nothing to wait for."""
    before = set(threading.enumerate())  # one of an earlier test may be about to end
    outlet = Outlet(paper)
    assert outlet.flush(0)
    outlet.close(0)
    assert set(threading.enumerate()) <= before


def test_many_threads(paper: Paper) -> None:
    """Every line of every thread comes once, in the thread's order."""
    outlet = Outlet(paper, delay_seconds=0)
    names = [b"a", b"b", b"c", b"d"]
    begin = threading.Barrier(len(names))

    def write(name: bytes) -> None:
        begin.wait(PATIENCE_SECONDS)
        for number in range(500):
            outlet.put(b"%b%03d\n" % (name, number))

    writers = [threading.Thread(target=write, args=(name,)) for name in names]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    assert outlet.flush(PATIENCE_SECONDS)
    lines = b"".join(paper.pieces).splitlines()
    assert len(lines) == 2000
    for name in names:
        assert [line for line in lines if line.startswith(name)] == [b"%b%03d" % (name, n) for n in range(500)]
