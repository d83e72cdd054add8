"""An HTTP client that sends what it is told, byte for byte, and shows what came back."""

import asyncio
import socket
import struct
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from select import select
from typing import Self, TypeAlias
from urllib.parse import urlsplit

import httptools

from support.http_body import Body, ClosedEarlyError
from support.http_reply import Head, Reply

Target: TypeAlias = str | bytes
Headers: TypeAlias = Mapping[str, str] | Sequence[tuple[str, str]]
Where: TypeAlias = int | str
"""A port, or a URL whose path does not matter."""

LOOPBACK = "127.0.0.1"
TIMEOUT_SECONDS = 30.0
_RESET_ON_CLOSE = struct.pack("ii", 1, 0)


def encode_request(method: str, target: Target, headers: Headers = (), body: bytes = b"", *, host: str) -> bytes:
    """Write a request: `target` unchanged (text as UTF-8), Host and Content-Length added unless they are given."""
    pairs = list(headers.items() if isinstance(headers, Mapping) else headers)
    names = {name.lower() for name, _ in pairs}
    if "host" not in names:
        pairs.insert(0, ("Host", host))
    if body and not names & {"content-length", "transfer-encoding"}:
        pairs.append(("Content-Length", str(len(body))))
    raw_target = target.encode() if isinstance(target, str) else target
    lines = "".join(f"{name}: {value}\r\n" for name, value in pairs).encode("latin-1")
    return method.encode() + b" " + raw_target + b" HTTP/1.1\r\n" + lines + b"\r\n" + body


def request(
    where: Where,
    method: str,
    target: Target,
    headers: Headers = (),
    *,
    body: bytes = b"",
    host: str = LOOPBACK,
    timeout: float = TIMEOUT_SECONDS,
) -> Reply:
    """Send one request on a connection of its own.

    Raises ConnectionError (ClosedEarlyError within an answer), TimeoutError, ValueError for what is not HTTP.
    """
    with Connection(where, host=host, timeout=timeout) as connection:
        return connection.request(method, target, headers, body)


class Connection:
    """A connection that is kept open: for several requests, pipelining, half-read bodies and leaving early.

    `timeout` is the longest wait for the next byte, in seconds.
    """

    def __init__(self, where: Where, *, host: str = LOOPBACK, timeout: float = TIMEOUT_SECONDS) -> None:
        self.address = _address(where, host)
        self._socket = socket.create_connection(self.address, timeout)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._source = self._socket.makefile("rb")
        self._body: Body | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def send(self, raw: bytes) -> None:
        """Send bytes as they are."""
        self._socket.sendall(raw)

    def send_request(self, method: str, target: Target, headers: Headers = (), body: bytes = b"") -> None:
        """Send a request and do not wait for its answer."""
        host, port = self.address
        self.send(encode_request(method, target, headers, body, host=f"{host}:{port}"))

    def request(self, method: str, target: Target, headers: Headers = (), body: bytes = b"") -> Reply:
        """Send a request and read its answer."""
        self.send_request(method, target, headers, body)
        return self.read_reply(method)

    def read_reply(self, method: str = "GET") -> Reply:
        """Read the next final answer, in full; `method` is the one it answers. Interim ones (1xx) are passed over."""
        head = self.read_head(method)
        while head.status < 200:
            head = self.read_head(method)
        return Reply.of(head, self.read_body_bytes())

    def read_head(self, method: str = "GET") -> Head:
        """Read the next head, an interim one too; raises ClosedEarlyError when the connection ends before it does."""
        raw = b""
        while not raw.endswith(b"\r\n\r\n"):
            line = self._source.readline()
            if not line:
                raise ClosedEarlyError("before the end of a head", raw)
            raw += line
        head = Head.parse(raw)
        self._body = Body(self._source, head, method)
        return head

    def read_body_bytes(self, limit: int | None = None) -> bytes:
        """Read `limit` bytes of the body of the last head, fewer when it ends; without a limit, the rest of it."""
        if self._body is None:
            raise RuntimeError("read a head first")
        return self._body.read(limit)

    def is_closed_within(self, seconds: float) -> bool:
        """Wait for the server to close the connection; False when it sends something, or stays open."""
        try:
            return self.is_readable_within(seconds) and self._source.peek(1) == b""
        except ConnectionError:
            return True

    def is_readable_within(self, seconds: float) -> bool:
        """Wait for the server to send something, or to close."""
        readable, _, _ = select([self._socket], [], [], seconds)
        return bool(readable)

    def stop_sending(self) -> None:
        """Close this side only, as a client does that has no more requests."""
        self._socket.shutdown(socket.SHUT_WR)

    def close(self) -> None:
        """Close it, in the middle of an answer too."""
        self._source.close()
        self._socket.close()

    def reset(self) -> None:
        """Close it with a TCP reset."""
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET_ON_CLOSE)
        self.close()


async def fetch_many(
    where: Where, targets: Iterable[Target], concurrency: int = 100, *, headers: Headers = (), host: str = LOOPBACK
) -> list[Reply]:
    """GET every target, each on a connection of its own, at most `concurrency` at a time; answers in their order.

    Raises an ExceptionGroup with the first errors, which are those of `request`.
    """
    address = _address(where, host)
    gate = asyncio.Semaphore(concurrency)
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(_fetch(address, target, headers, gate)) for target in targets]
    return [task.result() for task in tasks]


async def _fetch(address: tuple[str, int], target: Target, headers: Headers, gate: asyncio.Semaphore) -> Reply:
    host, port = address
    async with gate, asyncio.timeout(TIMEOUT_SECONDS):
        reader, writer = await asyncio.open_connection(host, port)
        try:
            writer.write(encode_request("GET", target, headers, host=f"{host}:{port}"))
            return await _read_reply(reader)
        finally:
            writer.close()
            with suppress(ConnectionError):
                await writer.wait_closed()


async def _read_reply(reader: asyncio.StreamReader) -> Reply:
    collector = _Collector()
    parser = httptools.HttpResponseParser(collector)
    while not collector.is_complete:
        data = await reader.read(65536)
        if not data:
            raise ClosedEarlyError("before the end of an answer", bytes(collector.body))
        parser.feed_data(data)
    version = f"HTTP/{parser.get_http_version()}"
    return Reply(parser.get_status_code(), collector.reason, collector.headers, version, bytes(collector.body))


class _Collector:
    """What httptools calls while it reads one answer to a GET."""

    def __init__(self) -> None:
        self.reason = ""
        self.headers: list[tuple[str, str]] = []
        self.body = bytearray()
        self.is_complete = False

    def on_status(self, status: bytes) -> None:
        self.reason += status.decode("latin-1")

    def on_header(self, name: bytes, value: bytes) -> None:
        self.headers.append((name.decode("latin-1").lower(), value.decode("latin-1")))

    def on_body(self, piece: bytes) -> None:
        self.body += piece

    def on_message_complete(self) -> None:
        self.is_complete = True


def _address(where: Where, host: str) -> tuple[str, int]:
    if isinstance(where, int):
        return host, where
    parts = urlsplit(where)
    return parts.hostname or host, parts.port or 80
