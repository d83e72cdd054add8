"""Connections: order, framing, limits, and clients that take their time."""

import socket
import threading
import time
from collections.abc import Iterator

import pytest
from support.http_client import Connection
from support.relay import Relay
from support.seaweedfs import SeaweedFS
from support.sidecar import Sidecar
from support.site import Site
from support.until import PATIENCE_SECONDS, until

HOST = b"Host: x"
LARGE = 24 * 1024 * 1024
SEND_SECONDS = 2.0
REQUEST_SECONDS = 2.0
IDLE_SECONDS = 3.0
SIP = 256 * 1024
"""A kernel tells the other side that there is room again once that is worth a segment, which is 64 KiB on loopback."""

TCP_CLOSED = 7
"""Of a socket that was reset, in the first byte of TCP_INFO."""


@pytest.fixture(scope="module")
def node(seaweedfs: SeaweedFS, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """Serve with one worker that has little patience."""
    limits = {"send": SEND_SECONDS, "request": REQUEST_SECONDS, "keep-alive": IDLE_SECONDS}
    flags = [text for name, seconds in limits.items() for text in (f"--{name}-timeout", str(seconds))]
    folder = tmp_path_factory.mktemp("node")
    with Relay(seaweedfs) as relay, Sidecar(relay, *flags, folder=folder) as server:
        yield Site(seaweedfs, relay, server)


@pytest.fixture(scope="module")
def large(node: Site) -> str:
    """Put an object that fits into no socket's buffer, and fetch it once."""
    node.store.put("large.bin", bytes(LARGE))
    assert len(node.get("/large.bin").body) == LARGE
    return "/large.bin"


@pytest.fixture
def target(node: Site, key_prefix: str) -> str:
    """Put a small object."""
    node.store.put(f"{key_prefix}a", b"abc", content_type="text/plain")
    return f"/{key_prefix}a"


def raw_request(target: str, *fields: bytes, method: bytes = b"GET", version: bytes = b"HTTP/1.1") -> bytes:
    """Write a request byte for byte."""
    line = b" ".join((method, target.encode(), version))
    return b"\r\n".join((line, HOST, *fields, b"", b""))


def is_reset(connection: socket.socket) -> bool:
    """Whether the server has reset a connection of which nothing is read."""
    return connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 1)[0] == TCP_CLOSED


def test_pipelined_requests_are_answered_in_their_order(node: Site, target: str, key_prefix: str) -> None:
    """A slow miss in front, hits, a missing object, a wrong method and HEAD behind: each answer in its place."""
    node.store.put(f"{key_prefix}cold", b"cold")
    node.get(target)
    with Connection(node.server.port) as connection, node.relay.hold(f"{key_prefix}cold") as barrier:
        connection.send(
            raw_request(f"/{key_prefix}cold")
            + raw_request(target) * 3
            + raw_request(f"/{key_prefix}none")
            + raw_request(target, method=b"PUT")
            + raw_request(target, method=b"HEAD")
            + raw_request(target)
        )
        assert barrier.reached.wait(PATIENCE_SECONDS)
        barrier.release()
        methods = ["GET"] * 5 + ["PUT", "HEAD", "GET"]
        replies = [connection.read_reply(method) for method in methods]
    assert [reply.status for reply in replies] == [200, 200, 200, 200, 404, 405, 200, 200]
    assert [replies[at].body for at in (0, 1, 6, 7)] == [b"cold", b"abc", b"", b"abc"]


def test_a_request_may_come_byte_by_byte(node: Site, target: str) -> None:
    """Wherever the network parts it."""
    with Connection(node.server.port) as connection:
        for byte in raw_request(target) * 2:
            connection.send(bytes([byte]))
        assert [connection.read_reply().body for _ in range(2)] == [b"abc", b"abc"]


def test_bodies_are_parted_from_the_next_request(node: Site, target: str) -> None:
    """A body is not taken for a request, and what follows it is."""
    smuggled = raw_request(target)
    with Connection(node.server.port) as connection:
        connection.send(raw_request(target, b"Content-Length: %d" % len(smuggled)) + smuggled + raw_request(target))
        assert [connection.read_reply().body for _ in range(2)] == [b"abc", b"abc"]
        assert not connection.is_closed_within(0.1)


def test_a_connection_ends_with_a_chunked_body(node: Site, target: str) -> None:
    """Where its chunks end is judged by one parser alone; nobody has to agree with it about what follows."""
    smuggled = raw_request(target)
    chunked = raw_request(target, b"Transfer-Encoding: chunked", method=b"PUT") + b"3\r\nabc\r\n0\r\n\r\n"
    with Connection(node.server.port) as connection:
        connection.send(chunked + smuggled)
        reply = connection.read_reply("PUT")
        assert (reply.status, reply.header("connection")) == (405, "close")
        assert connection.is_closed_within(PATIENCE_SECONDS)


@pytest.mark.parametrize(
    ("version", "fields", "is_kept"),
    [
        (b"HTTP/1.1", (), True),
        (b"HTTP/1.1", (b"Connection: Keep-Alive, TE",), True),
        (b"HTTP/1.1", (b"Connection: TE, close",), False),
        (b"HTTP/1.0", (), False),
        (b"HTTP/1.0", (b"Connection: keep-alive",), True),
    ],
    ids=["newest", "list", "close in a list", "older", "older keep-alive"],
)
def test_a_connection_is_kept(node: Site, target: str, version: bytes, fields: tuple[bytes], is_kept: bool) -> None:
    """RFC 9112 9.3: kept unless one of both does not want that, and the answer says so; never chunked."""
    with Connection(node.server.port) as connection:
        connection.send(raw_request(target, *fields, version=version))
        reply = connection.read_reply()
        assert (reply.body, reply.header("connection")) == (b"abc", "keep-alive" if is_kept else "close")
        assert (reply.header("transfer-encoding"), reply.header("content-length")) == (None, "3")
        assert connection.is_closed_within(0.2 if is_kept else PATIENCE_SECONDS) is not is_kept


@pytest.mark.parametrize(
    ("raw", "status"),
    [
        (b"GET /" + b"x" * 9000 + b" HTTP/1.1\r\n" + HOST + b"\r\n\r\n", 414),
        (b"GET /" + b"x" * 9000, 414),
        (b"GET / HTTP/1.1\r\n" + HOST + b"\r\nA: " + b"x" * 20_000 + b"\r\n\r\n", 431),
        (b"GET / HTTP/1.1\r\n" + HOST + b"\r\nA: b" * 5000, 431),
        (b"GET / HTTP/1.1\r\nHost : x\r\n\r\n", 400),
        (b"GET / HTTP/3.0\r\n\r\n", 505),
        (b"GET / HTTP/1.1\nHost: x\n\n", 400),
    ],
    ids=["long target", "target without end", "long field", "many fields", "bad field", "version", "line feeds"],
)
def test_what_is_no_request_is_refused(node: Site, raw: bytes, status: int) -> None:
    """The answer says what is wrong, and the connection is closed after it, although the client would send on."""
    with Connection(node.server.port) as connection:
        connection.send(raw)
        reply = connection.read_reply()
        assert (reply.status, reply.header("connection")) == (status, "close")
        assert reply.header("cache-control") == "no-store"
        assert reply.header("date")
        assert connection.is_closed_within(PATIENCE_SECONDS)


def test_a_bad_request_behind_a_good_one_takes_nothing_from_it(node: Site, target: str) -> None:
    """The good one is answered first."""
    with Connection(node.server.port) as connection:
        connection.send(raw_request(target) + b"nonsense\r\n\r\n" + raw_request(target))
        assert connection.read_reply().body == b"abc"
        assert connection.read_reply().status == 400
        assert connection.is_closed_within(PATIENCE_SECONDS)


def test_an_empty_line_before_a_request_is_passed_over(node: Site, target: str) -> None:
    """RFC 9112 2.2: some old clients send one after a body."""
    with Connection(node.server.port) as connection:
        connection.send(b"\r\n" + raw_request(target) + b"\r\n\r\n" + raw_request(target))
        assert [connection.read_reply().body for _ in range(2)] == [b"abc", b"abc"]


def test_a_target_beyond_ascii_is_taken_as_utf_8(node: Site, key_prefix: str) -> None:
    """Curl sends it as it was typed."""
    node.store.put(f"{key_prefix}café", "olé".encode())
    assert node.get(f"/{key_prefix}café".encode()).body == "olé".encode()


def test_who_writes_a_head_slowly_is_cut(node: Site, target: str) -> None:
    """A byte now and then does not stretch the time for the whole request."""
    began = time.monotonic()
    with Connection(node.server.port) as connection:
        for byte in raw_request(target, b"A: " + b"x" * 200):
            connection.send(bytes([byte]))
            if connection.is_readable_within(0.05):
                break
        assert connection.read_reply().status == 408
        assert time.monotonic() - began >= REQUEST_SECONDS


def test_who_writes_a_body_slowly_is_cut(node: Site, target: str) -> None:
    """The rest of a body is not waited for for ever."""
    with Connection(node.server.port) as connection:
        connection.send(raw_request(target, b"Content-Length: 10", method=b"PUT") + b"123")
        assert connection.read_reply("PUT").status == 405
        assert connection.is_closed_within(PATIENCE_SECONDS)


def test_who_asks_for_nothing_more_is_let_go(node: Site, target: str) -> None:
    """An idle connection is closed after its time, and not before."""
    with Connection(node.server.port) as connection:
        assert connection.request("GET", target).status == 200
        assert not connection.is_closed_within(IDLE_SECONDS / 3)
        assert connection.is_closed_within(PATIENCE_SECONDS)


def test_who_never_asks_is_let_go(node: Site) -> None:
    """A connection without a single byte, too."""
    with Connection(node.server.port) as connection:
        assert connection.is_closed_within(PATIENCE_SECONDS)


def test_who_reads_slowly_gets_everything(node: Site, large: str) -> None:
    """An answer may take many times --send-timeout as long as the client takes a little now and then."""
    with Connection(node.server.port) as connection:
        connection.send_request("GET", large)
        assert connection.read_head().status == 200
        began, received = time.monotonic(), 0
        while time.monotonic() - began < 3 * SEND_SECONDS:
            received += len(connection.read_body_bytes(SIP))
            threading.Event().wait(SEND_SECONDS / 8)
        assert received + len(connection.read_body_bytes()) == LARGE


def test_who_reads_nothing_is_cut(node: Site, large: str) -> None:
    """A client that takes nothing for --send-timeout holds the connection no longer."""
    with socket.create_connection(("127.0.0.1", node.server.port)) as client:
        client.sendall(raw_request(large))
        until(lambda: is_reset(client))
