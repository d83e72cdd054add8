"""What every connection of a worker works with before Sanic sees anything of a request."""

import time
from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING

from sidecar.http.target import TargetError, parse_target
from sidecar.observe import CLIENT_CLOSED_REQUEST, UNASKED, Observer, RequestRecord, record_of_hit
from sidecar.server.busy_polling import BusyPolling
from sidecar.server.faults import closing_reply
from sidecar.server.finish import NOT_ASKED
from sidecar.server.head import HeadReader
from sidecar.server.wire import encode_reply
from sidecar.tasks import Tasks

if TYPE_CHECKING:
    from sidecar.clock import Clock
    from sidecar.server.finish import Finish
    from sidecar.server.head import Head
    from sidecar.server.hot_entry import FileBody, HotAnswer
    from sidecar.server.hotpath import HotPath
    from sidecar.server.waiting_list import Waiter, WaitingList
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
        self,
        settings: "Settings",
        hot: "HotPath",
        finish: "Finish",
        clock: "Clock",
        observer: Observer,
    ) -> None:
        self._hot = hot
        self.tasks = Tasks()  # each belongs to a connection, and ends with it
        self.heads = HeadReader()
        self.polling = BusyPolling()
        self.deadlines = Deadlines(settings.request_timeout, settings.keep_alive_timeout, settings.send_timeout)
        self._finish = finish
        self._clock = clock
        self._observer = observer
        self._hit = observer.hit

    def answer(self, head: "Head") -> "HotAnswer | None":
        """The answer to a request out of the cache, to be told of once it is sent; None when Sanic has to make it."""
        return self._hot.answer(head, self._clock.now())

    def wait(self, head: "Head", waiter: "Waiter") -> "WaitingList | None":
        """Have a request wait for one of its kind that goes before it, if there is one."""
        kind = self._hot.kind_of(head)
        waiting = None if kind is None else self._hot.lists.find(kind)
        if waiting is not None:
            waiting.join(waiter)
            self.began()
        return waiting

    def lead(self, head: "Head") -> "WaitingList | None":
        """Let those wait that come while this request is being answered by Sanic, where it is of any use to them."""
        kind = self._hot.kind_of(head)
        return None if kind is None else self._hot.lists.begin(kind)

    def forget(self, target: bytes, body: "FileBody") -> None:
        """Have a target fetched anew: what is stored of it is not right any more. Many may find that, and one acts."""
        if not body.is_lost:
            body.is_lost = True
            self._hot.forget(target)
            self.tasks.spawn(body.forget(), name="forget a lost body")

    def began(self) -> None:
        """An answer is on its way that takes its time."""
        self._observer.request_began()

    def ended(self) -> None:
        """It is not any more."""
        self._observer.request_ended()

    def tell(self, head: "Head", answer: "HotAnswer", peer: str, *, is_aborted: bool = False) -> None:
        """Tell of an answer that has been sent."""
        spent_ns = time.perf_counter_ns() - head.began_ns
        if is_aborted:
            record = record_of_hit(answer.summary, head, peer, self._clock.now_ns(), spent_ns)
            self._observer.request_answered(record._replace(is_aborted=True))
        else:
            self._hit(answer.summary, head, peer, self._clock.now_ns(), spent_ns)

    def left(self, head: "Head", peer: str) -> None:
        """Tell of a request whose client did not wait."""
        spent_ns = time.perf_counter_ns() - head.began_ns
        now = self._clock.now()
        try:
            resource = parse_target(head.target).path
        except TargetError:
            resource = "-"
        self._observer.request_answered(
            RequestRecord(
                method=head.method.decode(),
                resource=resource,
                status=CLIENT_CLOSED_REQUEST,
                body_bytes=0,
                peer=peer,
                media_type=None,
                outcome=UNASKED,
                timestamp_ns=int(now * 1e9),
                duration_ns=spent_ns,
                first_byte_ns=spent_ns,
                is_aborted=True,
                request=head,
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
                peer=peer,
                media_type=reply.media_type,
                outcome=UNASKED,
                timestamp_ns=int(now * 1e9),
                duration_ns=0,
            )
        )
        return encode_reply(reply, is_head=is_head)
