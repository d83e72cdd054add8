"""What a relay is told to do to the answers for a key."""

import asyncio
import threading
from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import Self, TypeAlias

BEFORE_HEAD = -1
"""Position of a fault that strikes before the first byte of an answer; others are counts of body bytes."""


class CutOffError(Exception):
    """Raised by `Cut` to end a connection; `is_reset` says how."""

    def __init__(self, *, is_reset: bool) -> None:
        super().__init__("the script cuts this connection")
        self.is_reset = is_reset


class Barrier:
    """Parks every answer for its key at one position until `release`; as a context manager, until the block ends."""

    def __init__(self, position: int, release: Callable[["Barrier"], None]) -> None:
        self.position = position
        self.arrived = threading.Event()
        """Set when a request for the key has come; it has not been passed to the store before that."""
        self.reached = threading.Event()
        """Set when an answer stands at the barrier, and everything before it is in the client's hands."""
        self._release = release
        self._is_open = asyncio.Event()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.release()

    def release(self) -> None:
        """Let the parked answers go on, and later ones pass; may be called again."""
        self._release(self)

    def open(self) -> None:
        """Let waiters go; for the relay's own thread."""
        self._is_open.set()

    async def strike(self) -> None:
        """Stand at the barrier; for the relay's own thread."""
        self.reached.set()
        await self._is_open.wait()


class Cut:
    """Ends the connection at a position, with a FIN or with a reset."""

    def __init__(self, position: int, *, is_reset: bool) -> None:
        self.position = position
        self._is_reset = is_reset

    async def strike(self) -> None:
        """Raise CutOffError."""
        raise CutOffError(is_reset=self._is_reset)


class Answer:
    """A reply that is given in the store's place."""

    def __init__(self, status: int, body: bytes, headers: Mapping[str, str], *, has_length: bool) -> None:
        self.status = status
        self._has_length = has_length and status not in {204, 304}
        self._body = body
        self._headers = {"Content-Type": "application/xml"} | dict(headers)

    def encode(self, method: str) -> bytes:
        """Write the reply to `method`; without its body for HEAD, 204 and 304."""
        phrases = {known.value: known.phrase for known in HTTPStatus}
        lines = [f"HTTP/1.1 {self.status} {phrases.get(self.status, 'Scripted')}"]
        lines += [f"{name}: {value}" for name, value in self._headers.items()]
        if self._has_length:
            lines.append(f"Content-Length: {len(self._body)}")
        head = "\r\n".join([*lines, "\r\n"]).encode("latin-1")
        return head if method == "HEAD" or self.status in {204, 304} else head + self._body


Fault: TypeAlias = Barrier | Cut | Answer


class Script:
    """The faults by key; None is the key of a fault for everything that has none of its own."""

    def __init__(self) -> None:
        self._faults: dict[str | None, tuple[Fault, int | None]] = {}
        self._lock = threading.Lock()

    def put(self, key: str | None, fault: Fault, times: int | None = None) -> None:
        """Do this to the next `times` requests for `key`, or to all; it takes the place of an earlier fault."""
        with self._lock:
            self._faults[key] = fault, times

    def take(self, key: str | None) -> Fault | None:
        """Say what to do to a request that has just come."""
        with self._lock:
            key = key if key in self._faults else None
            fault, times = self._faults.get(key, (None, None))
            if fault is not None and times is not None:
                self._faults[key] = fault, times - 1
                if times <= 1:
                    del self._faults[key]
            return fault

    def remove(self, fault: Fault) -> None:
        """Forget this fault; those it has already been done to are not helped by that."""
        with self._lock:
            self._faults = {key: entry for key, entry in self._faults.items() if entry[0] is not fault}

    def clear(self) -> list[Fault]:
        """Forget all; returns what was forgotten."""
        with self._lock:
            faults = [fault for fault, _ in self._faults.values()]
            self._faults.clear()
            return faults
