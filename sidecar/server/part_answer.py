"""An answer whose body stays in its file, and which its client has not taken at once."""

import logging
from typing import TYPE_CHECKING, Protocol

from sidecar.errors import BodyLost

if TYPE_CHECKING:
    from sidecar.server.file_sending import FileSending
    from sidecar.server.front import Front
    from sidecar.server.head import Head
    from sidecar.server.hot_entry import HotAnswer

logger = logging.getLogger(__name__)


class Ended(Protocol):
    """Is told that an answer has ended that took its time."""

    def __call__(self, head: "Head", *, is_whole: bool) -> None:
        """All of it was sent, or the connection is of no use any more."""
        ...


class PartAnswer:
    """One of them."""

    def __init__(self, front: "Front", head: "Head", answer: "HotAnswer", peer: str, sending: "FileSending") -> None:
        """`sending` has begun."""
        self._front = front
        self._head = head
        self._answer = answer
        self._peer = peer
        self._sending = sending
        self._ended: Ended | None = None

    def go_on(self, ended: Ended) -> None:
        """Send the rest, and say when that has ended."""
        self._ended = ended
        self._front.began()
        try:
            self._sending.go_on(self._file_ended)
        except OSError as error:
            self._file_ended(error)

    def cancel(self) -> None:
        """The connection is gone."""
        self._sending.cancel()
        self._finish(is_whole=False)

    def count_sent(self) -> int:
        """The bytes that the kernel took."""
        return self._sending.sent

    def _file_ended(self, error: Exception | None) -> None:
        self._finish(is_whole=error is None)
        if isinstance(error, BodyLost) and self._answer.span is not None:
            self._front.forget(self._head.target, self._answer.span.body)
        if error is not None and not isinstance(error, ConnectionError):  # a client may leave at any time
            logger.warning(
                "%r was broken off after %d bytes: %s", self._answer.summary.resource, self._sending.sent, error
            )
        if self._ended is not None:
            self._ended(self._head, is_whole=error is None)

    def _finish(self, *, is_whole: bool) -> None:
        self._front.ended()
        body_bytes = max(0, self._sending.sent - sum(map(len, self._answer.data)))
        answer = self._answer._replace(summary=self._answer.summary._replace(body_bytes=body_bytes))
        self._front.tell(self._head, answer, self._peer, is_aborted=not is_whole)
