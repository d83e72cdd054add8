"""An answer whose body stays in its file."""

import logging
import time
from typing import TYPE_CHECKING, Any, Final, Protocol

from sidecar.errors import BodyLost
from sidecar.server.file_sending import FileSending

if TYPE_CHECKING:
    from sidecar.server.front import Front
    from sidecar.server.head import Head
    from sidecar.server.hot_entry import HotAnswer

logger = logging.getLogger(__name__)

_MOST_COPIED: Final = 1024 * 1024


class Connection(Protocol):
    """Where it is sent."""

    transport: Any
    conn_info: Any


class Ended(Protocol):
    """Is told that an answer has ended that took its time."""

    def __call__(self, answer: "PartAnswer", *, is_whole: bool) -> None:
        """All of it was sent, or the connection is of no use any more."""
        ...


class PartAnswer:
    """One of them: sent by the kernel, or copied where the transport has to see every byte."""

    def __init__(self, front: "Front", connection: Connection, head: "Head", answer: "HotAnswer") -> None:
        self.head = head
        self._front = front
        self._transport = connection.transport
        self._peer: str = connection.conn_info.client_ip
        self._answer = answer
        self._began_ns = time.perf_counter_ns()
        self._sending: FileSending | None = None
        self._ended: Ended | None = None

    def begin(self) -> bool | None:
        """Send what can be sent at once; whether that was all. None: nothing was sent, and Sanic has to answer."""
        try:
            is_all = self._copy() if self._is_seen() else self._send()
        except (OSError, BodyLost):  # told by Sanic's part, which meets it again
            return None
        if is_all:
            self._tell(self._answer.body_bytes)
        return is_all

    def go_on(self, ended: Ended) -> None:
        """Send the rest, and say when that has ended."""
        assert self._sending is not None  # noqa: S101 - it was begun
        self._ended = ended
        self._front.began()
        try:
            self._sending.go_on(self._file_ended)
        except OSError as error:
            self._file_ended(error)

    def cancel(self) -> None:
        """The connection is gone."""
        assert self._sending is not None  # noqa: S101 - it was begun
        self._sending.cancel()
        self._finish(is_whole=False)

    def count_sent(self) -> int:
        """The bytes that the kernel took."""
        return 0 if self._sending is None else self._sending.sent

    def _is_seen(self) -> bool:
        """Whether the transport must see what is sent: it has to encrypt that, or something else to send before."""
        return self._transport.get_write_buffer_size() > 0 or self._transport.get_extra_info("sslcontext") is not None

    def _copy(self) -> bool | None:
        part = self._answer.part
        assert part is not None  # noqa: S101 - that is what this is about
        body = None if part.size > _MOST_COPIED else part.reader.read_now(part.offset, part.size)
        if body is None:
            return None
        self._transport.writelines((*self._answer.data, body))
        return True

    def _send(self) -> bool | None:
        part, descriptor = self._answer.part, self._transport.get_extra_info("socket").fileno()
        assert part is not None  # noqa: S101 - that is what this is about
        sending = FileSending(descriptor, part, self._front.tasks)
        if not sending.can_begin():
            return None
        self._sending = sending
        try:
            return sending.begin(b"".join(self._answer.data))
        except (OSError, BodyLost):
            if sending.sent:
                return False  # it is met again by who goes on
            raise

    def _file_ended(self, error: Exception | None) -> None:
        self._finish(is_whole=error is None)
        if isinstance(error, BodyLost):
            self._front.forget(self.head.target)
        if error is not None and not isinstance(error, ConnectionError):  # a client may leave at any time
            logger.warning("%r was broken off after %d bytes: %s", self._answer.resource, self.count_sent(), error)
        if self._ended is not None:
            self._ended(self, is_whole=error is None)

    def _finish(self, *, is_whole: bool) -> None:
        self._front.ended()
        sent = self.count_sent() - sum(map(len, self._answer.data))
        self._tell(max(0, sent), is_aborted=not is_whole)

    def _tell(self, body_bytes: int, *, is_aborted: bool = False) -> None:
        answer = self._answer
        if body_bytes != answer.body_bytes:
            answer = answer._replace(body_bytes=body_bytes)
        self._front.tell(self.head, answer, self._peer, self._began_ns, is_aborted=is_aborted)
