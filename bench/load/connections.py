"""Connections of our own: for requests that are sent once, all at the same moment, or have large answers.

Bodies are dropped by the kernel (MSG_TRUNC, tcp(7)), so that whoever reads them is not what is measured.
"""

import re
import select
import socket
import time
from collections import deque
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from statistics import quantiles

from bench.load.reading import Reading

_HEAD_BYTES = 16_384
_BODY_BYTES = 4 * 1024 * 1024
_LONGEST_SILENCE_SECONDS = 60.0
_OK = (200, 206)
_LENGTH = re.compile(rb"\r\ncontent-length:[ \t]*([0-9]+)[ \t]*\r\n", re.IGNORECASE)


@dataclass(slots=True)
class _Connection:
    """One connection, and the answer that it waits for."""

    socket: socket.socket
    sent_at: float = 0.0
    head: bytes = b""
    missing: int = 0
    received: int = 0
    status: int = 0

    def send(self, request: bytes) -> None:
        self.head = b""
        self.missing = self.received = self.status = 0
        self.sent_at = time.perf_counter()
        self.socket.sendall(request)

    def receive(self, room: bytearray) -> bool:
        """Take what has come, and tell whether the answer is complete. Raises ConnectionError, ValueError."""
        if self.status:
            count = self.socket.recv_into(room, min(self.missing, len(room)), socket.MSG_TRUNC)
            self.missing -= count
        else:
            piece = self.socket.recv(_HEAD_BYTES)
            count = len(piece)
            self._take_head(piece)
        if count == 0:
            raise ConnectionResetError("closed before the end of an answer")
        self.received += count
        return bool(self.status) and self.missing == 0

    def _take_head(self, piece: bytes) -> None:
        self.head += piece
        end = self.head.find(b"\r\n\r\n")
        if end < 0:
            return
        length = _LENGTH.search(self.head, 0, end + 2)
        if length is None:
            raise ValueError(f"no content-length: {self.head[:end]!r}")
        self.status = int(self.head.split(b" ", 2)[1])
        self.missing = int(length[1]) - (len(self.head) - end - 4)


def exchange(port: int, requests: Sequence[bytes], *, connections: int) -> Reading:
    """Send every request once, at most `connections` at a time, and read the answers.

    All connections are open before the first request is sent. Raises OSError, ValueError: nothing may go wrong here.
    """
    with ExitStack() as opened, select.epoll() as poll:
        every = {}
        for _ in range(min(connections, len(requests))):
            made = opened.enter_context(socket.create_connection(("127.0.0.1", port), _LONGEST_SILENCE_SECONDS))
            made.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            every[made.fileno()] = _Connection(made)
        return _run(every, deque(requests), poll)


def _run(every: dict[int, _Connection], waiting: deque[bytes], poll: select.epoll) -> Reading:
    room = bytearray(_BODY_BYTES)
    times: list[float] = []
    size = errors = 0
    for number in every:
        poll.register(number, select.EPOLLIN)
    began = time.perf_counter()
    for connection in every.values():
        connection.send(waiting.popleft())
    busy = len(every)
    while busy:
        ready = poll.poll(_LONGEST_SILENCE_SECONDS)
        if not ready:
            raise TimeoutError(f"{busy} answers have not come")
        for number, _ in ready:
            connection = every[number]
            if not connection.receive(room):
                continue
            times.append(time.perf_counter() - connection.sent_at)
            size += connection.received
            errors += connection.status not in _OK
            if waiting:
                connection.send(waiting.popleft())
            else:
                poll.unregister(number)
                busy -= 1
    return _reading(times, time.perf_counter() - began, size, errors)


def _reading(times: list[float], seconds: float, size: int, errors: int) -> Reading:
    cuts = quantiles(times, n=100, method="inclusive") if len(times) > 1 else times * 99
    return Reading(len(times), seconds, size, errors, p50_ms=cuts[49] * 1e3, p99_ms=cuts[98] * 1e3)
