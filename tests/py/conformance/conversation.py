"""A server that is asked one request after the other, on a connection that is kept for as long as it keeps it."""

from typing import Self

from conformance.requests import Request, plain_target, validators
from support.http_body import ClosedEarlyError
from support.http_client import LOOPBACK, Connection
from support.http_client import request as ask_once
from support.http_reply import Reply

_CLOSING_SECONDS = 5.0


class Conversation:
    """What is said with the server on `port`; a context manager."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._connection: Connection | None = None
        self._last: Request | None = None
        self._validators: dict[tuple[str | None, str | None], dict[str, str]] = {}
        self.left_without_a_word: list[Request] = []
        """After whose answers the server closed the connection, and had not said so."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._hang_up()

    def send(self, request: Request) -> None:
        """Send a request, with this server's own validators of what it asks for."""
        values = self._validators_for(request)
        if self._connection is None:
            self._connection = Connection(self._port)
        self._connection.send(request.encode(f"{LOOPBACK}:{self._port}", values))

    def receive(self, request: Request) -> tuple[Reply, str]:
        """Read the answer to the request that was sent, and what became of the connection then.

        It `stays`, `closes`, or was to be closed and `goes on`. Raises ClosedEarlyError or ValueError when there is no
        answer; a connection that had ended before is not taken for that.
        """
        reply = self._read(request)
        self._last = request
        if not _says_that_it_closes(request, reply):
            return reply, "stays"
        is_closed = self._open().is_closed_within(_CLOSING_SECONDS)
        self._hang_up()
        return reply, "closes" if is_closed else "goes on"

    def _read(self, request: Request) -> Reply:
        try:
            return self._open().read_reply(request.method)
        except ConnectionError as error:
            self._hang_up()
            has_begun = isinstance(error, ClosedEarlyError) and error.received != b""
            if self._last is None or has_begun:
                raise
        self.left_without_a_word.append(self._last)
        self._last = None
        self.send(request)
        return self._open().read_reply(request.method)

    def _open(self) -> Connection:
        if self._connection is None:
            raise RuntimeError("nothing was sent")
        return self._connection

    def _hang_up(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _validators_for(self, request: Request) -> dict[str, str]:
        """Ask once for each file and what may be chosen of it: every content coding has validators of its own."""
        coding = request.header("Accept-Encoding")
        if (request.path, coding) not in self._validators:
            self._validators[request.path, coding] = self._ask_for_validators(request.path, coding)
        return self._validators[request.path, coding]

    def _ask_for_validators(self, path: str | None, coding: str | None) -> dict[str, str]:
        if path is None:
            return validators(None, None)
        headers = {} if coding is None else {"Accept-Encoding": coding}
        reply = ask_once(self._port, "HEAD", plain_target(path), headers)
        if reply.status not in {200, 406}:
            raise AssertionError(f"port {self._port} has no {path!r}: {reply}")
        return validators(reply.header("etag"), reply.header("last-modified"))


def _says_that_it_closes(request: Request, reply: Reply) -> bool:
    """Tell whether the connection is to end with an answer: RFC 9112 9.3."""
    options = {option.strip().lower() for option in (reply.header("connection") or "").split(",")}
    return "close" in options or (request.version == "1.0" and "keep-alive" not in options)
