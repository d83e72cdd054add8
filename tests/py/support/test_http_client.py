"""The client sends bytes as they are and reads no further than it is asked to; a store's health check is its server."""

import pytest

from support.http_body import ClosedEarlyError
from support.http_client import Connection, encode_request, fetch_many, request
from support.relay import Relay
from support.seaweedfs import SeaweedFS
from support.until import PATIENCE_SECONDS


@pytest.fixture
def relay(seaweedfs: SeaweedFS) -> Relay:
    """Make a relay that is not yet running: tests here need one store only."""
    return Relay(seaweedfs)


def test_a_target_is_sent_byte_for_byte(relay: Relay) -> None:
    """No normalisation of slashes, dots, escapes or case."""
    target = "//site/../a%2fb%00/./%C3%A9?x=%20#f"
    with relay:
        request(relay.port, "GET", target, {"X-Odd": "ü"})
        assert relay.requests == [("GET", target)]
        assert relay.exchanges[0].header("x-odd") == "ü"


def test_a_request_has_what_it_was_given() -> None:
    """Host and Content-Length are added, unless given; repeated headers stay."""
    assert encode_request("GET", "/", host="h:1") == b"GET / HTTP/1.1\r\nHost: h:1\r\n\r\n"
    pairs = [("host", "other"), ("a", "1"), ("a", "2")]
    expected = b"POST \xff HTTP/1.1\r\nhost: other\r\na: 1\r\na: 2\r\nContent-Length: 1\r\n\r\nx"
    assert encode_request("POST", b"\xff", pairs, b"x", host="h:1") == expected


def test_a_connection_is_kept_and_pipelined(seaweedfs: SeaweedFS) -> None:
    """Answers come in order, those without a body too."""
    with Connection(seaweedfs.endpoint_url) as connection:
        assert connection.request("HEAD", "/healthz").body == b""
        assert connection.request("GET", "/healthz").status == 200
        host = "{}:{}".format(*connection.address)
        connection.send(encode_request("GET", "/site/a", host=host) + encode_request("GET", "/healthz", host=host))
        assert [connection.read_reply().status for _ in range(2)] == [403, 200]
        assert not connection.is_closed_within(0)
        connection.send(encode_request("GET", "/healthz", {"Connection": "close"}, host=host))
        assert connection.read_reply().header("connection") == "close"
        assert connection.is_closed_within(PATIENCE_SECONDS)


def test_a_body_is_read_in_parts(seaweedfs: SeaweedFS) -> None:
    """Counted bytes; past the end there is nothing."""
    with Connection(seaweedfs.endpoint_url) as connection:
        connection.send_request("GET", "/site/a")
        length = connection.read_head().content_length
        assert length is not None
        assert connection.read_body_bytes(5) == b"<?xml"
        assert len(connection.read_body_bytes()) == length - 5
        assert connection.read_body_bytes(1) == b""


@pytest.mark.parametrize("framing", ["Transfer-Encoding: chunked", "Connection: close"])
def test_a_body_without_a_length_is_read_to_its_end(relay: Relay, framing: str) -> None:
    """Chunks are joined, whichever size is asked for; a connection may end a body too."""
    name, value = framing.split(": ")
    raw = b"4\r\nabcd\r\n3;x=y\r\nefg\r\n0\r\nTrailer: t\r\n\r\n" if value == "chunked" else b"abcdefg"
    with relay:
        relay.answer(None, 200, raw, headers={name: value}, has_length=False)
        with Connection(relay.port) as connection:
            connection.send_request("GET", "/")
            connection.read_head()
            assert connection.read_body_bytes(5) == b"abcde"
            if value == "close":
                relay.refuse()
            assert connection.read_body_bytes() == b"fg"


def test_a_connection_that_ends_too_early_is_an_error(relay: Relay) -> None:
    """What had come is in the error."""
    with relay:
        relay.cut_after(None, 5)
        with pytest.raises(ClosedEarlyError) as error:
            request(relay.port, "GET", "/site/a")
        assert error.value.received == b"<?xml"


async def test_many_are_fetched_at_once_and_answered_in_order(seaweedfs: SeaweedFS) -> None:
    """Three hundred, each on a connection of its own."""
    replies = await fetch_many(seaweedfs.endpoint_url, ["/healthz", "/site/a"] * 150, concurrency=300)
    assert [reply.status for reply in replies] == [200, 403] * 150
    assert replies[1].body.startswith(b"<?xml")
    assert replies[1].header("content-type") == "application/xml"
