"""Records as points of time series in Akumuli, over its TCP port."""

import asyncio
import logging
import os
from collections.abc import Sequence

from ops.records import Record
from ops.sinks.base import Delivery, SinkUnavailableError
from ops.sinks.exchange import exchange
from ops.sinks.points import Encoder
from ops.sinks.resolver import Resolver
from ops.sinks.submission import LATE, Submission
from ops.sinks.timeline import Timeline

logger = logging.getLogger(__name__)

_RESOLVE_SECONDS = 5.0
_WRITE_SECONDS = 30.0
_REASONS = {b"-DB late write": LATE, b"-DB bad argument": "bad_argument", b"-PARSER": "parser"}
_OTHER = "other"
_TRIES = 3
"""How often a point is sent alone to a server that says of it what is in no list, before it is dropped."""
_MOST_TOLD = 200


class AkumuliSink:
    """Writes batches, each in few connections; see ADR 15 for how it finds the point that an error is about.

    `prefix` begins the names of all series, as `settings.readers.metric_prefix` allows it; `patience_seconds` is what
    one connection may take.
    """

    name = "akumuli"

    def __init__(self, host: str, port: int, prefix: str, *, patience_seconds: float = 10.0) -> None:
        self._port = port
        self._patience_seconds = patience_seconds
        self._place = f"Akumuli at {host}:{port}"
        self._resolver = Resolver(host)
        self._addresses: Sequence[str] = ()
        self._encoder = Encoder(prefix)
        self._timeline = Timeline()
        self._window = 1
        self._batch: Sequence[Record] = ()
        self._submission = Submission((), 0, self._window)
        self._told: set[str] = set()

    async def start(self) -> None:
        """See whether it can be reached; its name is looked up again."""
        self._addresses = ()
        await self._exchange(b"")

    async def write(self, batch: Sequence[Record]) -> Delivery:
        """Write what has not been written of this batch; see `Sink`."""
        submission = self._submission_of(batch)
        try:
            async with asyncio.timeout(_WRITE_SECONDS):
                while not submission.is_done:
                    await self._send(submission)
        except TimeoutError:
            raise SinkUnavailableError(f"{self._place} is too slow") from None
        finally:
            self._window = submission.window
        self._batch = ()
        return submission.delivery()

    async def close(self) -> None:
        """Forget what was not written; no connection outlives what is sent on it."""
        self._batch = ()
        self._submission = Submission((), 0, 1)

    def _submission_of(self, batch: Sequence[Record]) -> Submission:
        """That of the last time, if it was the same batch: much of it may have been written."""
        if batch is not self._batch:
            points = [
                point
                for place, record in enumerate(batch)
                for point in self._encoder.points(record, place, self._timeline.place(record.timestamp_ns))
            ]
            self._batch, self._submission = batch, Submission(points, len(batch), self._window)
        return self._submission

    async def _send(self, submission: Submission) -> None:
        answer = await self._exchange(submission.take())
        if not answer:
            submission.accepted()
            return
        reason = _reason(answer)
        if reason == _OTHER and submission.attempts < _TRIES:
            raise SinkUnavailableError(f"{self._place} says {_line(answer)}")
        # Said of a point that is sent once more it may only mean that it was stored.
        if reason != LATE or not submission.attempts:
            self._tell(reason, answer)
        submission.refused(reason)

    async def _exchange(self, data: bytes) -> bytes:
        try:
            if not self._addresses:
                async with asyncio.timeout(_RESOLVE_SECONDS):
                    self._addresses = await self._resolver.addresses()
            return await exchange(self._addresses, self._port, data, self._patience_seconds)
        except TimeoutError:
            raise SinkUnavailableError(f"{self._place} does not answer in time") from None
        except OSError as error:
            raise SinkUnavailableError(f"{self._place}: {_words(error)}") from None

    def _tell(self, reason: str, answer: bytes) -> None:
        if reason not in self._told:
            self._told.add(reason)
            logger.warning("%s refuses points (%s), told once: %s", self._place, reason, _line(answer))


def _words(error: OSError) -> str:
    """The system's own, where it has any: asyncio has others."""
    return os.strerror(error.errno) if error.errno and error.errno > 0 else error.strerror or str(error)


def _reason(answer: bytes) -> str:
    return next((reason for start, reason in _REASONS.items() if answer.startswith(start)), _OTHER)


def _line(answer: bytes) -> str:
    """The error as it can stand in a log line: it repeats what clients have sent."""
    first, _, _ = answer.partition(b"\n")
    return ascii(first.decode(errors="replace").strip())[:_MOST_TOLD]
