"""One client's connection: requests are read strictly and handed on one at a time, and nobody may hold it for ever."""

import math
import time
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from sanic.exceptions import RequestTimeout
from sanic.models.server_types import ConnInfo
from sanic.server.protocols.http_protocol import HttpProtocol

from sidecar.server.head import MAX_HEAD_BYTES, Head, HeadError, is_one_head, read_head, take_head
from sidecar.server.http1 import SidecarHttp
from sidecar.server.part_answer import PartAnswer
from sidecar.server.uptake import Uptake

if TYPE_CHECKING:
    from asyncio import TimerHandle

    from sidecar.server.front import Deadlines, Front

_HEAD = b"HEAD "
_LINGER_SECONDS = 5.0
_LOW_WATER_BYTES = 16 * 1024
_HIGH_WATER_BYTES = 64 * 1024
_UNTIL_THE_END = math.inf


class SidecarProtocol(HttpProtocol):
    """One client's connection.

    Bytes wait in `_buffer` until Sanic is done with the request before; so pipelined requests keep their order, and
    every head is read here before Sanic sees it. Sanic's own task begins with the first request that is handed over.
    """

    HTTP_CLASS = SidecarHttp
    __slots__ = (
        "_body_left",
        "_buffer",
        "_first",
        "_front",
        "_is_draining",
        "_is_free",
        "_is_refused",
        "_part",
        "_since",
        "_timer",
        "_uptake",
    )
    transport: Any  # Sanic calls it None before the first callback
    conn_info: Any
    _uptake: Uptake

    def __init__(self, **arguments: Any) -> None:
        super().__init__(**arguments)
        self._front: Front = self.app.ctx.front
        self._buffer = bytearray()
        self._first: Head | None = None
        self._is_free = True
        self._is_draining = False
        self._is_refused = False
        self._body_left: float = 0
        self._since: float = self.loop.time()
        self._timer: TimerHandle | None = None
        self._part: PartAnswer | None = None

    def connection_made(self, transport: Any) -> None:
        """Begin to watch; Sanic's part in this begins when it is needed."""
        transport.set_write_buffer_limits(low=_LOW_WATER_BYTES, high=_HIGH_WATER_BYTES)
        self.connections.add(self)
        self.transport = transport
        self._uptake = Uptake(transport)
        self.conn_info = ConnInfo(transport, unix=self._unix)
        self.check_timeouts()

    def data_received(self, data: bytes) -> None:
        """Take what has come: the rest of a body, and then heads."""
        if self._is_refused:
            return
        if self._body_left:
            data = self._take_body(data)
        if self._is_free and not self._buffer and data:
            self._since = self.loop.time()
            if self._can_write.is_set() and is_one_head(data):
                self._receive(data)
                return
        self._buffer += data
        self._advance()
        if len(self._buffer) > MAX_HEAD_BYTES and not self._is_refused:
            self.transport.pause_reading()

    def next_request(self) -> None:
        """Sanic is done with a request, or ready for the first: whatever waits is next."""
        self._is_free = True
        self._since = self.loop.time()
        self._body_left = 0
        if self._is_draining:
            self.http.close_after_answer()
        first, self._first = self._first, None
        if first is None:
            self._advance()
        else:
            self._hand_over(first)

    def close_if_idle(self) -> bool:
        """At the beginning of a drain: close now, or after the answer that is being made.

        Sanic would leave a busy keep-alive connection open after its answer, and wait for it until the drain is over.
        """
        self._is_draining = True
        if self._is_free:
            self.close()
        elif self.http is not None:
            self.http.close_after_answer()
        return self._is_free

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget the timer with the connection, and the file that was on its way."""
        if self._timer is not None:
            self._timer.cancel()
        if self._part is not None:
            self._part.cancel()
        super().connection_lost(exc)

    def pause_writing(self) -> None:
        """Watch whether the client takes anything."""
        super().pause_writing()
        self._uptake.watch()
        self._look_in(self._front.deadlines.send)

    def resume_writing(self) -> None:
        """Stop watching, and answer what has waited."""
        super().resume_writing()
        self._uptake.end()
        if self.transport is None or self.transport.is_closing():
            return
        if self._is_free:
            self._since = self.loop.time()  # only now has the client its answer
        self.transport.resume_reading()
        self.check_timeouts()
        self._advance()

    def check_timeouts(self) -> None:
        """Begin to watch, or look again: called by Sanic once, and from then on by our timer."""
        if self.transport is None or self.transport.is_closing():
            return
        left = self._seconds_left()
        if left > 0:
            self._look_in(left)
        else:
            self._expire()

    def _advance(self) -> None:
        """Answer or hand on the requests whose heads are there, one after the other."""
        while self._is_free and self._can_write.is_set() and not self._is_refused:
            try:
                raw = take_head(self._buffer)
            except HeadError as error:
                self._refuse(error.status, str(error), is_head=self._buffer.startswith(_HEAD))
                return
            if raw is None:
                if self._buffer:
                    self._look_in(max(0, self._seconds_left()))
                return
            self._receive(raw)
            self._since = self.loop.time()  # whatever waits is another request, with a time of its own

    def _receive(self, raw: bytes) -> None:
        """Answer one request out of the cache, or let Sanic answer it."""
        began_ns = time.perf_counter_ns()
        try:
            head = read_head(raw)
        except HeadError as error:
            self._refuse(error.status, str(error), is_head=raw.startswith(_HEAD))
            return
        answer = self._front.answer(head)
        if answer is None:
            self._give_to_sanic(head)
        elif answer.part is not None:
            self._send_part(PartAnswer(self._front, self, head, answer))
        else:
            self.transport.writelines(answer.data)
            self._front.tell(head, answer, self.conn_info.client_ip, began_ns)
            if not head.is_kept:
                self._end()

    def _send_part(self, part: PartAnswer) -> None:
        """Answer with a part of a file, or let Sanic do it."""
        match part.begin():
            case None:
                self._give_to_sanic(part.head)
            case False:
                self._is_free = False
                self._part = part
                self._uptake.watch(part.count_sent)
                self._look_in(self._front.deadlines.send)
                part.go_on(self._part_ended)
            case True if not part.head.is_kept:
                self._end()

    def _part_ended(self, answer: PartAnswer, *, is_whole: bool) -> None:
        """A part that took its time has been sent, or cannot be."""
        self._part = None
        self._uptake.end()
        if not is_whole:
            self.abort()
        elif self._is_draining or not answer.head.is_kept:
            self._end()
        else:
            self._is_free = True
            self._since = self.loop.time()
            self.transport.resume_reading()
            self.check_timeouts()
            self._advance()

    def _end(self) -> None:
        """Close: nothing that comes now is answered."""
        self._is_refused = True
        self.close()

    def _give_to_sanic(self, head: Head) -> None:
        if self._task is not None:
            self._hand_over(head)
            return
        self._is_free = False
        self._first = head  # until Sanic is ready for it
        super().connection_made(self.transport)

    def _hand_over(self, head: Head) -> None:
        """Let Sanic have a request, and as much of its body as is there."""
        self._is_free = False
        self._body_left = _UNTIL_THE_END if head.body_length is None else head.body_length
        # Where the chunks end is Sanic's to find; what it leaves is nobody's, so the connection ends there. And it
        # reads no body to its end that is too large.
        is_read = head.body_length is not None and head.body_length <= self.request_max_size
        self.http.begin(is_kept=head.is_kept and is_read)
        super().data_received(head.raw)
        if self._body_left and self._buffer:
            waiting, self._buffer = bytes(self._buffer), bytearray()
            self._buffer += self._take_body(waiting)

    def _take_body(self, data: bytes) -> bytes:
        """Let Sanic have what belongs to the body; the rest comes back."""
        length = len(data) if self._body_left is _UNTIL_THE_END else min(len(data), int(self._body_left))
        self._body_left -= length
        super().data_received(data[:length])
        return data[length:]

    def close(self, timeout: float | None = None) -> None:
        """Close; once the client has had time to read the answer, if it is still sending what nobody will read.

        Closed at once, with bytes of the client unread, the kernel would reset the connection and the answer be lost.
        """
        is_open = self.transport is not None and not self.transport.is_closing()
        if self._body_left and is_open and self.transport.can_write_eof():
            self._body_left = 0
            self._is_refused = True
            self.transport.resume_reading()
            self.transport.write_eof()
            self._timer = self.loop.call_later(_LINGER_SECONDS, self.close)
        else:
            super().close(timeout)

    def _refuse(self, status: HTTPStatus, reason: str, *, is_head: bool = False) -> None:
        """Answer what is no request, and close."""
        self._is_refused = True
        self._buffer.clear()
        self.transport.write(self._front.refuse(status, reason, self.conn_info.client_ip, is_head=is_head))
        self._body_left = _UNTIL_THE_END
        self.close()

    def _seconds_left(self) -> float:
        """Until this connection has to go, as things stand."""
        deadlines: Deadlines = self._front.deadlines
        if self._uptake.is_watched:
            return deadlines.send if self._uptake.is_moving() else 0
        passed: float = self.loop.time() - self._since
        if self._body_left or (self._is_free and self._buffer):
            return deadlines.request - passed
        # While an answer is made, the engine's own limits hold.
        return deadlines.idle - passed if self._is_free else deadlines.idle

    def _look_in(self, seconds: float) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer = self.loop.call_later(seconds, self.check_timeouts)

    def _expire(self) -> None:
        if self._uptake.is_watched:
            self._uptake.give_up()
            self.abort()
        elif self._is_free and self._buffer:
            self._refuse(HTTPStatus.REQUEST_TIMEOUT, "The request took too long to arrive.")
        elif self._is_free:
            self.close()
        else:
            self.http.exception = RequestTimeout()
            self._task.cancel()  # type: ignore[union-attr]  # there is one as long as there is a connection
