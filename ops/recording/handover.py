"""A worker's part: take note of each record, and hand them over a few times a second without ever waiting."""

import asyncio
import errno
import logging
import socket
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from ops.metrics.metric import OTHER
from ops.recording.message import MOST_RECORDS, WIDTH, flat, pack
from ops.sinks.chosen import sink_names
from sidecar.observe import Observer, Request, RequestRecord, Summary

if TYPE_CHECKING:
    from ops.metrics.numbers import Counts
    from sidecar.settings import Settings

logger = logging.getLogger(__name__)

HAND_SECONDS = 0.1
"""How often: seldom enough for full messages, often enough that little is lost with a worker that is killed."""

MOST_WAITING = 32 * 1024
"""Records that wait in a worker while nobody takes them: a second of the most that one can answer."""

_MOST_BYTES = 128 * 1024
_LAST_SECONDS = 0.5
_LOOK_SECONDS = 0.01


def handover_of(
    settings: "Settings", other: Observer, writing: socket.socket | None, counts: "Counts"
) -> "Handover | None":
    """What a worker with these settings does; None where records go nowhere."""
    return None if writing is None else Handover(other, writing, counts, sink_names(settings))


class Handover:
    """Takes note of every record, after which `other` hears of it.

    What nobody takes is dropped, the oldest first, and counted for each of the `sinks`; `counts` is the worker's.
    """

    def __init__(self, other: Observer, writing: socket.socket, counts: "Counts", sinks: Sequence[str]) -> None:
        self._waiting: list[Any] = []
        self._note = self._waiting.extend
        self._tell, self._tell_hit = other.request_answered, other.hit
        self.request_began = other.request_began
        self.request_ended = other.request_ended
        self._writing = writing
        self._counts = counts
        self._sinks = sinks
        self._packed: tuple[bytes, int] | None = None

    def request_answered(self, record: RequestRecord) -> None:
        """Take note: this is all that a request waits for."""
        self._note(flat(record))
        self._tell(record)

    def hit(self, answer: Summary, request: Request, peer: str, timestamp_ns: int, spent_ns: int) -> None:
        """Take note: nothing is made of it here."""
        real_ip, forwarded_for = request.forwarding()
        self._note((answer, real_ip, forwarded_for, peer, timestamp_ns, spent_ns))
        self._tell_hit(answer, request, peer, timestamp_ns, spent_ns)

    async def run(self) -> None:
        """Hand over until cancelled."""
        self._writing.setblocking(False)
        while True:
            await asyncio.sleep(HAND_SECONDS)
            while self._hand_some_over():  # noqa: ASYNC110 - requests come first
                await asyncio.sleep(0)
            self._drop(len(self) - MOST_WAITING, "handover")

    async def finish(self) -> None:
        """Hand over the last, within half a second; what is left then is dropped."""
        loop = asyncio.get_running_loop()
        deadline = loop.time() + _LAST_SECONDS
        while len(self) and loop.time() < deadline:
            if not self._hand_some_over():
                await asyncio.sleep(_LOOK_SECONDS)
        if left := len(self):
            logger.warning("%d records of requests were dropped at the end: nobody took them", left)
        self._drop(left, "shutdown")

    def __len__(self) -> int:
        """How many wait."""
        return len(self._waiting) // WIDTH + (self._packed[1] if self._packed else 0)

    def _hand_some_over(self) -> bool:
        """Whether a message was taken, and there may be another."""
        packed = self._packed = self._packed or self._pack(MOST_RECORDS)
        if packed is None:
            return False
        try:
            self._writing.send(packed[0])
        except OSError as error:
            if error.errno == errno.EMSGSIZE:
                self._count_dropped(packed[1], OTHER)
                self._packed = None
            return False
        self._packed = None
        return True

    def _pack(self, most: int) -> tuple[bytes, int] | None:
        """The oldest records in one message, and how many they are; None without any."""
        fields = self._waiting[: most * WIDTH]
        if not fields:
            return None
        count = len(fields) // WIDTH
        try:
            packed = pack(fields)
        except (TypeError, ValueError):
            logger.exception("%d records of requests could not be packed", count)
            self._count_dropped(count, OTHER)
            packed = b""
        if len(packed) > _MOST_BYTES and count > 1:
            return self._pack(count // 2)
        del self._waiting[: len(fields)]
        return (packed, count) if packed else None

    def _drop(self, count: int, reason: str) -> None:
        """Drop so many of the oldest."""
        if count <= 0:
            return
        dropped = 0
        if self._packed is not None:
            dropped, self._packed = self._packed[1], None
        left = max(0, count - dropped)
        del self._waiting[: left * WIDTH]
        self._count_dropped(dropped + left, reason)

    def _count_dropped(self, count: int, reason: str) -> None:
        for sink in self._sinks:
            self._counts.add("records_queued_total", sink, by=count)
            self._counts.add("records_dropped_total", sink, reason, by=count)
