"""What one sink is written to, at its own pace: again and again where it fails, and never longer than it may take."""

import asyncio
import logging
from typing import TYPE_CHECKING

from tenacity import AsyncRetrying, retry_if_exception_type, wait_random_exponential

from ops.metrics.metric import OTHER
from ops.outage import Outage
from ops.recording.message import records_of
from ops.sinks.base import Delivery, Sink, SinkUnavailableError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ops.geo.location import Locator
    from ops.metrics.numbers import Counts
    from ops.recording.backlog import Backlog
    from ops.recording.message import Message, Row
    from ops.records import Record
    from sidecar.clock import Clock

logger = logging.getLogger(__name__)

BATCH_SECONDS = 0.5
"""How long a batch that is not full is waited for: a sink is written to twice a second at least."""

SINK_SECONDS = 30.0
"""What any call of a sink may take."""

_FIRST_WAIT_SECONDS = 0.25
_LONGEST_WAIT_SECONDS = 30.0
_LAST_WAIT_SECONDS = 0.2
_CLOSE_SECONDS = 0.5


class Writer:
    """Writes a backlog to its sink; everything that leaves the backlog is counted, written or dropped."""

    def __init__(self, sink: Sink, backlog: "Backlog", locator: "Locator", counts: "Counts", clock: "Clock") -> None:
        self._sink = sink
        self._backlog = backlog
        self._locator = locator
        self._counts = counts
        self._clock = clock
        self._is_started = False
        self._ending = asyncio.Event()
        self._outage = Outage(sink.name, "its records wait", logger)

    @property
    def is_down(self) -> bool:
        """Whether the sink does not answer."""
        return self._outage.is_on

    def put(self, message: "Message") -> None:
        """Take in a message."""
        self._counts.add_at_once("records_queued_total", self._sink.name, by=message.length)
        self._drop(self._backlog.put(message), "full")

    def look(self) -> None:
        """Tell how much waits."""
        self._counts.set("records_waiting", self._sink.name, to=len(self._backlog))
        self._counts.set("records_queue_limit", self._sink.name, to=self._backlog.limit)

    async def run(self) -> None:
        """Write until `finish` is called and nothing is left."""
        while len(self._backlog) or not self._ending.is_set():
            rows = self._backlog.take(int(self._clock.now() * 1e9), is_last=self._ending.is_set())
            if rows:
                await self._deliver(rows)
                self._backlog.settle()
            if len(rows) < self._backlog.most and not self._ending.is_set():
                await self._pause(BATCH_SECONDS)

    def finish(self) -> None:
        """Hold nothing back, and end."""
        self._ending.set()

    async def close(self) -> None:
        """Give up what is left, and close the sink; to be called when `run` has ended."""
        if left := self._backlog.clear():
            logger.warning("%d records were dropped at the end: %s did not take them in time", left, self._sink.name)
        self._drop(left, "shutdown")
        try:
            async with asyncio.timeout(_CLOSE_SECONDS):
                await self._sink.close()
        except TimeoutError:
            logger.warning("%s did not close in time", self._sink.name)

    async def _deliver(self, rows: "Sequence[Row]") -> None:
        batch = records_of(rows, self._locator.find)
        try:
            delivery = await self._write(batch)
        except Exception:
            logger.exception("%d records were given up: %s has failed", len(batch), self._sink.name)
            delivery = Delivery(0, {OTHER: len(batch)})
        self._counts.add("records_written_total", self._sink.name, by=delivery.written)
        for reason, count in delivery.dropped.items():
            self._drop(count, reason)
        # What the sink has forgotten to tell of, so that the counts add up all the same.
        self._drop(len(batch) - delivery.written - sum(delivery.dropped.values()), OTHER)
        self._counts.publish()

    async def _write(self, batch: "Sequence[Record]") -> Delivery:
        retrying = AsyncRetrying(
            retry=retry_if_exception_type(SinkUnavailableError),
            wait=wait_random_exponential(multiplier=_FIRST_WAIT_SECONDS, max=_LONGEST_WAIT_SECONDS),
            sleep=self._pause,
            before_sleep=self._outage.begin_after,
        )
        delivery: Delivery = await retrying(self._try, batch)
        self._outage.end()
        return delivery

    async def _try(self, batch: "Sequence[Record]") -> Delivery:
        was_started, self._is_started = self._is_started, False
        try:
            async with asyncio.timeout(SINK_SECONDS):
                if not was_started:
                    await self._sink.start()
                delivery = await self._sink.write(batch)
        except TimeoutError as error:
            raise SinkUnavailableError(f"{self._sink.name} did not answer within {SINK_SECONDS:g} s") from error
        self._is_started = True
        return delivery

    async def _pause(self, seconds: float) -> None:
        """Wait, but not for long once it is to end."""
        if self._ending.is_set():
            await asyncio.sleep(min(seconds, _LAST_WAIT_SECONDS))
            return
        try:
            async with asyncio.timeout(seconds):
                await self._ending.wait()
        except TimeoutError:
            return

    def _drop(self, count: int, reason: str) -> None:
        if count > 0:
            self._counts.add("records_dropped_total", self._sink.name, reason, by=count)
