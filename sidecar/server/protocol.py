"""One client's connection: requests are read strictly and handed on one at a time, and nobody may hold it for ever."""

import fcntl
import math
import socket
import struct
import termios
from contextlib import suppress
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from sanic.exceptions import RequestTimeout
from sanic.models.server_types import ConnInfo
from sanic.server.protocols.http_protocol import HttpProtocol

from sidecar.server.head import HEAD_END, MAX_HEAD_BYTES, Head, HeadError, check_beginning, read_head, too_long
from sidecar.server.http1 import SidecarHttp

if TYPE_CHECKING:
    from asyncio import TimerHandle

    from sidecar.server.front import Deadlines, Front

_HEAD = b"HEAD "
_LINGER_SECONDS = 5.0
_LOW_WATER_BYTES = 16 * 1024
_HIGH_WATER_BYTES = 64 * 1024
_RESET_ON_CLOSE = struct.pack("ii", 1, 0)
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
        "_since",
        "_timer",
        "_unsent",
    )
    transport: Any  # Sanic calls it None before the first callback
    conn_info: Any

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
        self._unsent: int | None = None

    def connection_made(self, transport: Any) -> None:
        """Begin to watch; Sanic's part in this begins when it is needed."""
        transport.set_write_buffer_limits(low=_LOW_WATER_BYTES, high=_HIGH_WATER_BYTES)
        self.connections.add(self)
        self.transport = transport
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
            if self._is_one_head(data):
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
        """Forget the timer with the connection."""
        if self._timer is not None:
            self._timer.cancel()
        super().connection_lost(exc)

    def pause_writing(self) -> None:
        """Watch whether the client takes anything."""
        super().pause_writing()
        self._unsent = self._count_unsent()
        self._look_in(self._front.deadlines.send)

    def resume_writing(self) -> None:
        """Stop watching, and answer what has waited."""
        super().resume_writing()
        self._unsent = None
        if self.transport.is_closing():
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
            while self._buffer.startswith(b"\r\n"):  # RFC 9112 2.2
                del self._buffer[:2]
            if not self._buffer:
                return
            try:
                raw = self._take_head()
            except HeadError as error:
                self._refuse(error.status, str(error), is_head=self._buffer.startswith(_HEAD))
                return
            if raw is None:
                return
            self._receive(raw)
            self._since = self.loop.time()  # whatever waits is another request, with a time of its own

    def _receive(self, raw: bytes) -> None:
        """Answer one request out of memory, or let Sanic answer it."""
        try:
            head = read_head(raw)
        except HeadError as error:
            self._refuse(error.status, str(error), is_head=raw.startswith(_HEAD))
            return
        answer = self._front.answer(head, self.conn_info.client_ip)
        if answer is None:
            self._give_to_sanic(head)
            return
        if len(answer) == 1:
            self.transport.write(answer[0])
        else:
            self.transport.writelines(answer)
        if not head.is_kept:
            self._is_refused = True  # nothing that comes now is answered
            self.close()

    def _is_one_head(self, data: bytes) -> bool:
        """Whether this is all of one request without a body, and nothing else, as it nearly always is."""
        is_whole = len(data) <= MAX_HEAD_BYTES and data.find(HEAD_END) == len(data) - len(HEAD_END)
        return is_whole and self._can_write.is_set() and not data.startswith(b"\r\n")

    def _take_head(self) -> bytes | None:
        """The next head; None when some of it is still to come. Raises HeadError."""
        end = self._buffer.find(HEAD_END, 0, MAX_HEAD_BYTES + len(HEAD_END))
        if end < 0:
            if len(self._buffer) > MAX_HEAD_BYTES:
                raise too_long(self._buffer)
            check_beginning(self._buffer)
            self._look_in(max(0, self._seconds_left()))
            return None
        raw = bytes(self._buffer[: end + len(HEAD_END)])
        del self._buffer[: len(raw)]
        return raw

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
        if self._unsent is not None:
            return self._seconds_until_stuck()
        passed: float = self.loop.time() - self._since
        if self._body_left or (self._is_free and self._buffer):
            return deadlines.request - passed
        # While an answer is made, the engine's own limits hold.
        return deadlines.idle - passed if self._is_free else deadlines.idle

    def _seconds_until_stuck(self) -> float:
        unsent = self._count_unsent()
        is_moving = unsent != self._unsent
        self._unsent = unsent
        return self._front.deadlines.send if is_moving else 0

    def _count_unsent(self) -> int:
        """Bytes that the client has not taken, those in the kernel's hands too: it may hold megabytes."""
        waiting = self.transport.get_write_buffer_size()
        connection = self.transport.get_extra_info("socket")
        with suppress(OSError):
            (in_kernel,) = struct.unpack("i", fcntl.ioctl(connection.fileno(), termios.TIOCOUTQ, b"\0" * 4))
            waiting += in_kernel
        return int(waiting)

    def _look_in(self, seconds: float) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer = self.loop.call_later(seconds, self.check_timeouts)

    def _expire(self) -> None:
        if self._unsent is not None:
            # Otherwise the kernel would go on for minutes with what it still holds.
            self.transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET_ON_CLOSE)
            self.abort()
        elif self._is_free and self._buffer:
            self._refuse(HTTPStatus.REQUEST_TIMEOUT, "The request took too long to arrive.")
        elif self._is_free:
            self.close()
        else:
            self.http.exception = RequestTimeout()
            self._task.cancel()  # type: ignore[union-attr]  # there is one as long as there is a connection
