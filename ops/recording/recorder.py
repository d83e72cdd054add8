"""The process that writes records: the messages of all workers go to every sink, and what becomes of them is told."""

import asyncio
import contextlib
import logging
import multiprocessing
import os
import signal
import socket
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ops.geo.chosen import locator_of
from ops.metrics.catalogue import DROPS, SINKS
from ops.metrics.numbers import RECORDS, Counts, Part, place_of
from ops.metrics.sampler import LOOK_SECONDS, census, lost_lines
from ops.recording.backlog import Backlog
from ops.recording.message import addresses_in, message_of
from ops.recording.writer import Writer
from ops.sinks.chosen import sinks_of
from sidecar.clock import SystemClock
from sidecar.tasks import Tasks

if TYPE_CHECKING:
    from collections.abc import Callable
    from ctypes import Array, c_int64

    from ops.recording.message import Message
    from sidecar.settings import Settings

logger = logging.getLogger(__name__)

NICENESS = 19
"""Serving comes first: where the CPUs are busy this process gets one part in seventy of what a worker gets."""

END_SECONDS = 9.0
"""From the server's SIGTERM until the last record is written or given up: it has to be over in ten."""

DOWN_SECONDS = 2.0
"""How much of that is spent on sinks that do not answer."""

_LAST_LOOK_SECONDS = 0.1
_SHORTEST_END_SECONDS = 1.0
_ORPHANED_SECONDS = 12.0
"""How long the workers may still serve once the main process is gone."""

_MOST_BYTES = 1024 * 1024
_MOST_MESSAGES = 32
_CENSUS_LOOKS = 20


@dataclass(frozen=True, slots=True)
class Order:
    """All that the process is given; `configure_logging` is called first."""

    settings: "Settings"
    reading: socket.socket
    numbers: "Array[c_int64]"
    configure_logging: "Callable[[Settings], None]"


def record(order: Order) -> None:
    """Write records until no worker can send any more. The entry of the process."""
    for number in (signal.SIGINT, signal.SIGTERM):  # meant for the server, which ends this process when it is time
        signal.signal(number, signal.SIG_IGN)
    os.nice(NICENESS)
    with contextlib.suppress(OSError):  # never in the place of a worker that runs; not every sandbox knows it
        os.sched_setscheduler(0, os.SCHED_BATCH, os.sched_param(0))
    order.configure_logging(order.settings)
    order.reading.setblocking(False)
    asyncio.run(_record(order))


async def _record(order: Order) -> None:
    await Recorder(order).run()
    logging.shutdown()
    os._exit(0)  # a thread that waits for a name server or a disk would be waited for


class Recorder:
    """Reads messages, and lets every sink have them."""

    def __init__(self, order: Order) -> None:
        self._reading = order.reading
        self._main = Part(order.numbers, 0)
        self._counts = Counts(Part(order.numbers, RECORDS))
        self._clock = SystemClock()
        self._locator = locator_of(order.settings, self._count_lookup)
        limit = order.settings.record_queue
        self._writers = [
            Writer(sink, Backlog(limit), self._locator, self._counts, self._clock) for sink in sinks_of(order.settings)
        ]
        self._buffer = bytearray(_MOST_BYTES)
        self._cpu_ns = self._lost_lines = 0
        self._over = asyncio.Event()
        self._tasks = Tasks()

    async def run(self) -> None:
        """Read and write until the channel has come to its end, and a little longer for what is left.

        Raises RuntimeError when a sink is not written to any more, which nothing but a fault of ours can cause: who
        comes next does better.
        """
        self._begin()
        logger.info("records are written by pid=%d", os.getpid())
        loop = asyncio.get_running_loop()
        loop.add_reader(self._reading, self._receive)
        parent = multiprocessing.parent_process()
        if parent is not None:
            loop.add_reader(parent.sentinel, self._orphaned, parent.sentinel)
        self._tasks.spawn(self._locator.run(), name="look up locations")
        self._tasks.spawn(self._sample(), name="sample")
        writing = [self._tasks.spawn(writer.run(), name="write records") for writer in self._writers]
        over = self._tasks.spawn(self._until_over(), name="wait for the end")
        done, _ = await asyncio.wait([over, *writing], return_when=asyncio.FIRST_COMPLETED)
        if over not in done:
            raise RuntimeError("a sink is not written to any more")
        for writer in self._writers:
            writer.finish()
        await self._wait_for(dict(zip(self._writers, writing, strict=True)))
        await self._tasks.cancel_all()
        await asyncio.gather(*(writer.close() for writer in self._writers))
        await self._locator.close()
        self._look()

    async def _until_over(self) -> None:
        await self._over.wait()

    async def _wait_for(self, writing: "dict[Writer, asyncio.Task[None]]") -> None:
        """Wait until everything is written, but not for long for a sink that does not answer."""
        loop = asyncio.get_running_loop()
        began, left = loop.time(), self._seconds_left()
        while unfinished := [writer for writer, task in writing.items() if not task.done()]:
            spent = loop.time() - began
            is_hopeless = spent > DOWN_SECONDS and all(writer.is_down for writer in unfinished)
            if spent > left or is_hopeless:
                return
            await asyncio.wait([writing[writer] for writer in unfinished], timeout=_LAST_LOOK_SECONDS)

    def _begin(self) -> None:
        """Say who this is, and count what was lost with the process before."""
        counts, part = self._counts, self._counts.part
        part.tell("pid", os.getpid())
        part.tell("starts", part.told("starts") + 1)
        counts.set("process_start_timestamp_seconds", to=self._clock.now())
        for sink in SINKS:
            lost = unsettled(counts.numbers, sink)
            if lost > 0:
                logger.error("%d records were lost on their way to %s with the process that had them", lost, sink)
                counts.add("records_dropped_total", sink, "lost", by=lost)
        self._look()

    def _receive(self) -> None:
        """Take in what there is, but not so much that nobody else gets a turn."""
        for _ in range(_MOST_MESSAGES):
            try:
                size = self._reading.recv_into(self._buffer, 0, socket.MSG_PEEK)
            except BlockingIOError:
                break
            if size == 0:
                asyncio.get_running_loop().remove_reader(self._reading)
                self._over.set()
                break
            try:
                self._take_in(message_of(bytes(memoryview(self._buffer)[:size]), int(self._clock.now() * 1e9)))
            finally:
                self._reading.recv(1)  # not before it is counted: this process may be killed at any moment
        self._counts.publish()

    def _take_in(self, message: "Message") -> None:
        for writer in self._writers:
            writer.put(message)
        if self._locator.looks_ahead:
            self._locator.expect(addresses_in(message))

    def _orphaned(self, sentinel: int) -> None:
        """The main process was killed: the workers end now, and the channel with them; but nothing goes on for ever."""
        loop = asyncio.get_running_loop()
        loop.remove_reader(sentinel)
        loop.call_later(_ORPHANED_SECONDS, self._over.set)

    async def _sample(self) -> None:
        looks = 0
        while True:
            if looks % _CENSUS_LOOKS == 0:
                census(self._counts)
            self._look()
            looks += 1
            await asyncio.sleep(LOOK_SECONDS)

    def _look(self) -> None:
        for writer in self._writers:
            writer.look()
        # Of all processes that were this one, as those of a worker are.
        cpu_ns, lost = time.process_time_ns(), lost_lines()
        self._counts.numbers[place_of("process_cpu_seconds_total")] += cpu_ns - self._cpu_ns
        self._counts.add("log_lost_lines_total", by=lost - self._lost_lines)
        self._cpu_ns, self._lost_lines = cpu_ns, lost
        self._counts.part.tell("beat_ns", time.monotonic_ns())
        self._counts.publish()

    def _count_lookup(self, outcome: str) -> None:
        self._counts.add("records_lookups_total", outcome)

    def _seconds_left(self) -> float:
        now_ns = time.monotonic_ns()
        asked_ns = self._main.told("ending_ns") or now_ns
        return max(_SHORTEST_END_SECONDS, END_SECONDS - (now_ns - asked_ns) / 1e9)


def unsettled(numbers: list[int], sink: str) -> int:
    """How many records this process's predecessors have received and neither written nor dropped."""
    dropped = [place_of("records_dropped_total", sink, reason) for reason in DROPS]
    queued, written = place_of("records_queued_total", sink), place_of("records_written_total", sink)
    return numbers[queued] - numbers[written] - sum(numbers[place] for place in dropped)
