"""How long one client's connection lasts, and how it ends: nobody may hold it for ever."""

import math
import time
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from sanic.exceptions import RequestTimeout
from sanic.models.server_types import ConnInfo
from sanic.server.protocols.http_protocol import HttpProtocol

from sidecar.server.uptake import Uptake

if TYPE_CHECKING:
    from asyncio import TimerHandle

    from sidecar.server.front import Deadlines, Front

UNTIL_THE_END = math.inf
"""What is left of a body that only its chunks tell the end of."""

_LINGER_SECONDS = 5.0
_LOW_WATER_BYTES = 16 * 1024
_HIGH_WATER_BYTES = 64 * 1024


class Connection(HttpProtocol):
    """One client's connection, from its beginning to its end, by what is known of the request that is answered."""

    __slots__ = (
        "_body_left",
        "_buffer",
        "_front",
        "_is_draining",
        "_is_free",
        "_is_refused",
        "_since_ns",
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
        self._is_free = True
        self._is_draining = False
        self._is_refused = False
        self._body_left: float = 0
        self._since_ns = time.perf_counter_ns()
        self._timer: TimerHandle | None = None

    def connection_made(self, transport: Any) -> None:
        """Begin to watch; Sanic's part in this begins when it is needed."""
        transport.set_write_buffer_limits(low=_LOW_WATER_BYTES, high=_HIGH_WATER_BYTES)
        self.connections.add(self)
        self.transport = transport
        self._uptake = Uptake(transport)
        self.conn_info = ConnInfo(transport, unix=self._unix)
        self.check_timeouts()

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget the timer with the connection."""
        if self._timer is not None:
            self._timer.cancel()
        super().connection_lost(exc)

    def _begin_with_sanic(self) -> None:
        """Start Sanic's own task."""
        super().connection_made(self.transport)

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

    def check_timeouts(self) -> None:
        """Begin to watch, or look again: called by Sanic once, and from then on by our timer."""
        if self.transport is None or self.transport.is_closing():
            return
        left = self._seconds_left()
        if left > 0:
            self._look_in(left)
        else:
            self._expire()

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

    def _end(self) -> None:
        """Close: nothing that comes now is answered."""
        self._is_refused = True
        self.close()

    def _refuse(self, status: HTTPStatus, reason: str, *, is_head: bool = False) -> None:
        """Answer what is no request, and close."""
        self._is_refused = True
        self._buffer.clear()
        self.transport.write(self._front.refuse(status, reason, self.conn_info.client_ip, is_head=is_head))
        self._body_left = UNTIL_THE_END
        self.close()

    def _seconds_left(self) -> float:
        """Until this connection has to go, as things stand."""
        deadlines: Deadlines = self._front.deadlines
        if self._uptake.is_watched:
            return deadlines.send if self._uptake.is_moving() else 0
        passed = (time.perf_counter_ns() - self._since_ns) / 1e9
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
