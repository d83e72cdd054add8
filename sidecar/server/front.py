"""What every connection of a worker works with before Sanic sees anything of a request."""

import time
from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING

from sidecar.observe import Client, Observer, RequestRecord
from sidecar.server.faults import closing_reply
from sidecar.server.finish import NOT_ASKED
from sidecar.server.wire import encode_reply
from sidecar.tasks import Tasks

if TYPE_CHECKING:
    from sidecar.clock import Clock
    from sidecar.server.finish import Finish
    from sidecar.server.head import Head
    from sidecar.server.hotpath import HotAnswer, HotPath
    from sidecar.settings import Settings


@dataclass(frozen=True, slots=True)
class Deadlines:
    """Spans in seconds: for a whole request to arrive, for the next to begin, for a client to take anything at all."""

    request: float
    idle: float
    send: float


class Front:
    """Answers what never becomes a request, and knows how long a client may take."""

    def __init__(
        self, settings: "Settings", hot: "HotPath", finish: "Finish", clock: "Clock", observer: Observer
    ) -> None:
        self._hot = hot
        self.tasks = Tasks()  # each belongs to a connection, and ends with it
        self.deadlines = Deadlines(settings.request_timeout, settings.keep_alive_timeout, settings.send_timeout)
        self._finish = finish
        self._clock = clock
        self._observer = observer

    def answer(self, head: "Head") -> "HotAnswer | None":
        """The answer to a request out of the cache, to be told of once it is sent; None when Sanic has to make it."""
        return self._hot.answer(head, self._clock.now())

    def forget(self, target: bytes) -> None:
        """Have a target fetched anew: what is stored of it is not right any more."""
        entry = self._hot.forget(target)
        if entry is not None:
            self.tasks.spawn(entry.forget(), name="forget a lost body")

    def began(self) -> None:
        """An answer is on its way that takes its time."""
        self._observer.request_began()

    def ended(self) -> None:
        """It is not any more."""
        self._observer.request_ended()

    def tell(self, head: "Head", answer: "HotAnswer", peer: str, began_ns: int, *, is_aborted: bool = False) -> None:
        """Tell of an answer that has been sent since `began_ns` of the performance counter."""
        fields, spent_ns = head.fields, time.perf_counter_ns() - began_ns
        client = Client(_text(fields.get(b"x-real-ip")), _text(fields.get(b"x-forwarded-for")), peer)
        self._observer.request_answered(
            RequestRecord(
                head.method.decode(),
                answer.resource,
                answer.status,
                answer.body_bytes,
                client,
                answer.media_type,
                "hit",
                int(self._clock.now() * 1e9),
                spent_ns,
                spent_ns,
                is_aborted,
                answer.is_compressed,
                head,
            )
        )

    def refuse(self, status: HTTPStatus, reason: str, peer: str, *, is_head: bool) -> bytes:
        """The answer to what is no request, after which the connection is closed."""
        now = self._clock.now()
        reply = self._finish.dress(closing_reply(status, reason, now)).with_fields(("cache-status", NOT_ASKED))
        self._observer.request_answered(
            RequestRecord(
                method="-",
                resource="-",
                status=status,
                body_bytes=0 if is_head else len(reply.text),
                client=Client(None, None, peer),
                media_type=reply.media_type,
                outcome="none",
                timestamp_ns=int(now * 1e9),
                duration_ns=0,
            )
        )
        return encode_reply(reply, is_head=is_head)


def _text(value: bytes | None) -> str | None:
    return None if value is None else value.decode(errors="surrogateescape")
