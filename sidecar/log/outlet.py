"""Lines on their way out of the process: a thread writes them, so that whoever logs waits for no disk and no pipe."""

import logging
import threading
from collections import deque
from typing import Final, Protocol

logger = logging.getLogger(__name__)

MOST_LINES: Final = 8192
"""How many lines may wait; lines of the access log have 4 KiB at most."""

TOGETHER_SECONDS: Final = 0.25
"""For how long lines are collected before they are written."""


class Sink(Protocol):
    """Where lines go; called by one thread."""

    name: str
    piece_bytes: int
    """How much may be written at once."""

    def write(self, data: bytes) -> None:
        """Write whole lines; may take its time. Raises OSError."""
        ...

    def close(self) -> None:
        """Nothing more will come."""
        ...


class Outlet:
    """Takes lines at once and lets a thread write them, many together. What is too many is lost, counted, told once.

    The thread begins with the first line.
    """

    def __init__(self, sink: Sink, *, delay_seconds: float = TOGETHER_SECONDS, most_lines: int = MOST_LINES) -> None:
        self._sink = sink
        self._delay_seconds = delay_seconds
        self._most_lines = most_lines
        self._lines: deque[bytes | threading.Event] = deque()
        self._is_wanted = threading.Event()
        self._is_urgent = threading.Event()
        self._starting = threading.Lock()
        self._thread: threading.Thread | None = None
        self._is_writing = False
        self._is_failing = False
        self._is_closing = False
        self._lost_unwritten = 0
        self._lost_for_room = 0

    @property
    def lost(self) -> int:
        """How many lines were lost."""
        return self._lost_unwritten + self._lost_for_room

    @property
    def is_idle(self) -> bool:
        """Whether all that was put is written, or lost."""
        return not self._lines and not self._is_writing

    def put(self, line: bytes) -> None:
        """Take a line, with its line feed."""
        waiting = len(self._lines)
        if waiting >= self._most_lines:
            self._lose_for_room()
            return
        self._lines.append(line)
        if not self._is_wanted.is_set():
            self._wake()
        if waiting == self._most_lines // 2:
            self._is_urgent.set()

    def flush(self, seconds: float) -> bool:
        """Have what was put before this written now; whether that was done within so many seconds."""
        if self.is_idle:
            return True
        done = threading.Event()
        self._lines.append(done)
        self._is_urgent.set()
        self._wake()
        return done.wait(seconds)

    def close(self, seconds: float) -> None:
        """Write what is left, for so many seconds at most, and end."""
        if self._thread is None:
            return
        self.flush(seconds)
        self._is_closing = True
        self._is_urgent.set()
        self._is_wanted.set()

    def _wake(self) -> None:
        if self._thread is None:
            self._start()
        self._is_wanted.set()

    def _start(self) -> None:
        with self._starting:
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name=f"write {self._sink.name}", daemon=True)
                self._thread.start()

    def _run(self) -> None:
        while not self._is_closing:
            self._is_wanted.wait()
            self._is_urgent.wait(self._delay_seconds)
            self._is_urgent.clear()
            self._is_wanted.clear()  # before the look: what is put after it wakes this thread again
            self._write_all()
        self._sink.close()

    def _write_all(self) -> None:
        piece: list[bytes] = []
        size = 0
        while self._lines:
            self._is_writing = True  # before a line is taken: there is no moment at which it seems to be written
            line = self._lines.popleft()
            if isinstance(line, threading.Event):
                self._write(piece)
                piece, size, self._is_writing = [], 0, False
                line.set()
                continue
            if size + len(line) > self._sink.piece_bytes:
                self._write(piece)
                piece, size = [], 0
            piece.append(line)
            size += len(line)
        self._write(piece)
        self._is_writing = False

    def _write(self, piece: list[bytes]) -> None:
        if not piece:
            return
        try:
            self._sink.write(b"".join(piece))
        except OSError as error:
            self._lose(len(piece), error)
        else:
            self._tell_of_success()

    def _lose(self, count: int, error: OSError) -> None:
        self._lost_unwritten += count
        if not self._is_failing:
            self._is_failing = True
            reason = error.strerror or error
            logger.error("%s cannot be written (%s): its lines are lost until it can", self._sink.name, reason)

    def _tell_of_success(self) -> None:
        if self._is_failing:
            self._is_failing = False
            logger.info("%s is written again; %d lines were lost", self._sink.name, self.lost)

    def _lose_for_room(self) -> None:
        self._lost_for_room += 1
        if self._lost_for_room == 1:
            logger.error("%s takes lines too slowly: what is too many is lost (told once)", self._sink.name)
