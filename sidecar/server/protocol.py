"""What comes on one client's connection: requests are read strictly, and answered or handed on one at a time."""

import time
from typing import TYPE_CHECKING, Any, NamedTuple

from sidecar.errors import BodyLost
from sidecar.server.connection import UNTIL_THE_END, Connection
from sidecar.server.file_sending import FileSending, send_at_once
from sidecar.server.head import MAX_HEAD_BYTES, Head, HeadError, read_head, take_head
from sidecar.server.http1 import SidecarHttp
from sidecar.server.pacing import WORTH_SPEEDING_UP, stop_pacing
from sidecar.server.part_answer import PartAnswer

if TYPE_CHECKING:
    from sidecar.server.hot_entry import FileSpan, HotAnswer
    from sidecar.server.waiting_list import WaitingList

_HEAD = b"HEAD "
_MOST_COPIED = 1024 * 1024


class Waiting(NamedTuple):
    """A request that waits, and on which list."""

    head: Head
    list: "WaitingList"


class SidecarProtocol(Connection):
    """One client's connection.

    Bytes wait in `_buffer` until Sanic is done with the request before; so pipelined requests keep their order, and
    every head is read here before Sanic sees it. Sanic's own task begins with the first request that is handed over.
    """

    HTTP_CLASS = SidecarHttp
    __slots__ = ("_descriptor", "_first", "_is_paced", "_is_secure", "_led", "_part", "_waiting")

    def __init__(self, **arguments: Any) -> None:
        super().__init__(**arguments)
        self._first: Head | None = None
        self._part: PartAnswer | None = None
        self._descriptor = -1
        self._is_paced = True
        self._is_secure = False
        self._waiting: Waiting | None = None
        self._led: WaitingList | None = None

    def data_received(self, data: bytes) -> None:
        """Take what has come: the rest of a body, and then heads."""
        if self._is_refused:
            return
        if self._body_left:
            data = self._take_body(data)
        if self._is_free and not self._buffer and data:
            self._since_ns = time.perf_counter_ns()
            head = self._front.heads.read_usual(data) if self._can_write.is_set() else None
            if head is not None:
                head.began_ns = self._since_ns
                self._receive(head)
                return
        self._buffer += data
        self._advance()
        if len(self._buffer) > MAX_HEAD_BYTES and not self._is_refused:
            self.transport.pause_reading()

    def next_request(self) -> None:
        """Sanic is done with a request, or ready for the first: whatever waits is next."""
        self._is_free = True
        self._since_ns = time.perf_counter_ns()
        self._body_left = 0
        if self._is_draining:
            self.http.close_after_answer()
        first, self._first = self._first, None
        if first is None:
            self._lead_no_more()
            self._advance()
        else:
            self._hand_over(first)

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget what was waited for, and the file that was on its way."""
        if self._part is not None:
            self._part.cancel()
        if self._waiting is not None:
            (head, waiting), self._waiting = self._waiting, None
            waiting.leave(self)
            self._front.ended()
            self._front.left(head, self.conn_info.client_ip)
        self._lead_no_more()
        super().connection_lost(exc)

    async def send(self, data: bytes) -> None:
        """Send what Sanic has made."""
        if self._led is not None:
            self._led.answer_begins()
        await super().send(data)

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
            self._since_ns = time.perf_counter_ns()  # only now has the client its answer
        self.transport.resume_reading()
        self.check_timeouts()
        self._advance()

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
            began_ns = time.perf_counter_ns()
            try:
                head = read_head(raw)
            except HeadError as error:
                self._refuse(error.status, str(error), is_head=raw.startswith(_HEAD))
                return
            head.began_ns = began_ns
            self._receive(head)
            self._since_ns = time.perf_counter_ns()  # whatever waits is another request, with a time of its own

    def _receive(self, head: Head) -> None:
        """Answer one request out of the cache, or let Sanic answer it."""
        answer = self._front.answer(head)
        if answer is not None:
            self._answer(head, answer)
        elif (waiting := self._front.wait(head, self)) is not None:
            self._is_free = False
            self._waiting = Waiting(head, waiting)
        else:
            self._led = self._front.lead(head)
            self._give_to_sanic(head)

    def lead(self, waiting: "WaitingList") -> None:
        """Go before those with whom this request has waited."""
        if self._waiting is None:
            waiting.leader_ends()
            return
        self._led = waiting
        if not self.transport.is_closing():  # else the next one will, as soon as that is told
            self._give_to_sanic(self._wait_no_more().head)

    def resume(self) -> None:
        """Answer the request that has waited."""
        if self._waiting is None or self.transport.is_closing():
            return
        head = self._wait_no_more().head
        answer = self._front.answer(head)
        if answer is None:
            self._give_to_sanic(head)
            return
        self._is_free = True
        self._answer(head, answer)
        if self._is_free and not self._is_refused:
            self._go_on(head)

    def _wait_no_more(self) -> Waiting:
        waiting, self._waiting = self._waiting, None
        assert waiting is not None  # noqa: S101 - who calls has looked
        self._front.ended()
        return waiting

    def _lead_no_more(self) -> None:
        led, self._led = self._led, None
        if led is not None:
            led.leader_ends()

    def _answer(self, head: Head, answer: "HotAnswer") -> None:
        """Answer out of the cache."""
        if answer.span is None:
            self.transport.writelines(answer.data)
        elif not self._send_span(head, answer, answer.span):
            return
        self._front.tell(head, answer, self.conn_info.client_ip)
        self._front.polling.answered()
        if not head.is_kept:
            self._end()

    def _send_span(self, head: Head, answer: "HotAnswer", span: "FileSpan") -> bool:
        """Answer with a part of a file; False unless all of it is sent now: it takes its time, or Sanic does it."""
        if self.transport.is_closing():  # the number of its descriptor may be another connection's by now
            return False
        if self._is_paced and span.size >= WORTH_SPEEDING_UP:
            self._is_paced = False
            stop_pacing(self.transport.get_extra_info("socket"), self.conn_info.client_ip)
        data = answer.data[0]
        try:
            sent = self._copy(data, span) if self._sees_all() else send_at_once(self._descriptor, data, span)
        except (OSError, BodyLost):  # told by Sanic's part, which meets it again
            sent = None
        if sent is None:
            self._give_to_sanic(head)
            return False
        if sent == len(data) + span.size:
            return True
        sending = FileSending(self._descriptor, data, span, sent, self._front.tasks)
        self._part = PartAnswer(self._front, head, answer, self.conn_info.client_ip, sending)
        self._is_free = False
        self._uptake.watch(self._part.count_sent)
        self._look_in(self._front.deadlines.send)
        self._part.go_on(self._part_ended)
        return False

    def _sees_all(self) -> bool:
        """Whether the transport must see what is sent: it has to encrypt that, or something else to send before."""
        if self._descriptor < 0:
            self._is_secure = self.transport.get_extra_info("sslcontext") is not None
            self._descriptor = self.transport.get_extra_info("socket").fileno()
        return self._is_secure or self.transport.get_write_buffer_size() > 0

    def _copy(self, data: bytes, span: "FileSpan") -> int | None:
        """Give the transport a copy of what is at hand; None where that cannot be done."""
        body = None if span.size > _MOST_COPIED else span.body.reader.read_now(span.offset, span.size)
        if body is None:
            return None
        self.transport.writelines((data, body))
        return len(data) + len(body)

    def _part_ended(self, head: Head, *, is_whole: bool) -> None:
        """A part that took its time has been sent, or cannot be."""
        self._part = None
        self._uptake.end()
        if is_whole:
            self._look_in(self._front.deadlines.idle)
            self._go_on(head)
        else:
            self.abort()

    def _go_on(self, head: Head) -> None:
        """An answer that took its time has been sent: whatever waits is next."""
        if self._is_draining or not head.is_kept:
            self._end()
        else:
            self._is_free = True
            self._since_ns = time.perf_counter_ns()
            self.transport.resume_reading()
            self._advance()

    def _give_to_sanic(self, head: Head) -> None:
        if self._task is not None:
            self._hand_over(head)
            return
        self._is_free = False
        self._first = head  # until Sanic is ready for it
        self._begin_with_sanic()

    def _hand_over(self, head: Head) -> None:
        """Let Sanic have a request, and as much of its body as is there."""
        self._is_free = False
        self._body_left = UNTIL_THE_END if head.body_length is None else head.body_length
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
        length = len(data) if self._body_left is UNTIL_THE_END else min(len(data), int(self._body_left))
        self._body_left -= length
        super().data_received(data[:length])
        return data[length:]
