"""The stand-in refuses, keeps silent and aborts as the real server was seen to do."""

import socket

import pytest

from support.akumuli import Akumuli
from support.akumuli_parser import CrashError, Parser, RefusedError, Series, Stored
from support.http_client import LOOPBACK

AT = b":1000000\r\n"
LINE = b"+a.b tag=v\r\n"
LONG = b"+a tag=" + b"v" * 1013 + b"\r\n"

STORED = {
    "whole-number": (LINE + AT + b":7\r\n", {"a.b tag=v": [Stored(1_000_000, 7.0)]}),
    "float": (LINE + AT + b"+1.5e3\r\n", {"a.b tag=v": [Stored(1_000_000, 1500.0)]}),
    "bare-line-feed": (b"+a t=v\n:1\n:2\n", {"a t=v": [Stored(1, 2.0)]}),
    "event": (b"+!a t=v\r\n:1\r\n+it's text: [1,2]\r\n", {"!a t=v": [Stored(1, "it's text: [1,2]")]}),
    "row": (b"+a.x|a.y t=v\r\n:1\r\n*2\r\n:1\r\n:2\r\n", {"a.x t=v": [Stored(1, 1.0)], "a.y t=v": [Stored(1, 2.0)]}),
    "equal-time-of-numbers": (b"+a t=v\r\n:5\r\n:1\r\n" * 2, {"a t=v": [Stored(5, 1.0)] * 2}),
    "tags-in-any-order": (b"+a y=1 x=2\r\n:1\r\n:1\r\n", {"a x=2 y=1": [Stored(1, 1.0)]}),
    "fine-in-values": (b'+a t==:,|;%&?/"[]{}\r\n:1\r\n:1\r\n', {'a t==:,|;%&?/"[]{}': [Stored(1, 1.0)]}),
    "space-makes-two-tags": (b"+a t=v x=1 2=3\r\n:1\r\n:1\r\n", {"a 2=3 t=v x=1": [Stored(1, 1.0)]}),
    "nul-truncates": (b"+a t=v\0w\r\n:1\r\n:1\r\n", {"a t=v": [Stored(1, 1.0)]}),
    "incomplete-point": (LINE + AT, {}),
    "longest-line": (LONG + b":1\r\n:1\r\n", {"a tag=" + "v" * 1013: [Stored(1, 1.0)]}),
    "more-than-32-tags": (
        b"+a " + b" ".join(b"t%02d=v" % number for number in range(40)) + b"\r\n:1\r\n:1\r\n",
        {"a " + " ".join(f"t{number:02}=v" for number in range(32)): [Stored(1, 1.0)]},
    ),
}
REFUSED = {
    "negative": (LINE + AT + b":-1\r\n", "-PARSER"),
    "whole-with-a-point": (LINE + AT + b":1.5\r\n", "-PARSER"),
    "no-tag": (b"+a.b\r\n:1\r\n:1\r\n", "-PARSER"),
    "space-in-a-value": (b"+a t=v w\r\n:1\r\n:1\r\n", "-PARSER"),
    "line-feed-in-a-value": (b"+a t=v\nw\r\n:1\r\n:1\r\n", "-PARSER"),
    "line-too-long": (LONG.replace(b"v\r", b"vv\r") + b":1\r\n:1\r\n", "-PARSER"),
    "row-of-another-count": (b"+a.x|a.y t=v\r\n:1\r\n*3\r\n:1\r\n:2\r\n", "-PARSER"),
    "row-without-count": (b"+a.x|a.y t=v\r\n:1\r\n:1\r\n:2\r\n", "-PARSER"),
    "time-in-another-form": (b"+a t=v\r\n+2026-01-01T00:00:00Z\r\n:1\r\n", "-PARSER"),
    "no-series": (b"GET / HTTP/1.1\r\n\r\n", "-PARSER"),
    "late": (b"+a t=v\r\n:5\r\n:1\r\n+a t=v\r\n:4\r\n:1\r\n", "-DB late write"),
    "late-in-another-order-of-tags": (b"+a x=1 y=2\r\n:5\r\n:1\r\n+a y=2 x=1\r\n:4\r\n:1\r\n", "-DB late write"),
    "event-at-an-equal-time": (b"+!a t=v\r\n:5\r\n+x\r\n" * 2, "-DB late write"),
    "event-without-text": (b"+!a t=v\r\n:5\r\n+\r\n", "-DB bad argument"),
}


@pytest.mark.parametrize("size", [1, 7, 100_000])
@pytest.mark.parametrize(("data", "expected"), STORED.values(), ids=STORED)
def test_stored(data: bytes, expected: dict[str, list[Stored]], size: int) -> None:
    """In any segmentation."""
    series = Series()
    parser = Parser(series)
    for start in range(0, len(data), size):
        parser.feed(data[start : start + size])
    assert series.points == expected


@pytest.mark.parametrize(("data", "error"), REFUSED.values(), ids=REFUSED)
def test_refused(data: bytes, error: str) -> None:
    """With the words of the real one."""
    with pytest.raises(RefusedError, match=f"^{error}"):
        Parser(Series()).feed(data)


def test_a_quote_aborts() -> None:
    """In a name, a tag and a value alike."""
    for line in (b"+a'b t=v\r\n", b"+a t'=v\r\n", b"+a t=v'\r\n"):
        with pytest.raises(CrashError):
            Parser(Series()).feed(line)


def test_what_came_before_an_error_is_stored() -> None:
    """And nothing after it; the connection is closed, and a new one is taken."""
    with Akumuli() as server:
        answer = _say(server, b"+a t=v\r\n:5\r\n:1\r\n+a t=v\r\n:4\r\n:1\r\n+a t=w\r\n:1\r\n:1\r\n")
        assert answer == b"-DB late write\r\n"
        assert server.series.points == {"a t=v": [Stored(5, 1.0)]}
        assert _say(server, b"+a t=w\r\n:1\r\n:1\r\n") == b""
        assert server.points("a").keys() == {"t=v", "t=w"}
        assert not server.has_crashed


def test_after_a_crash_the_port_is_closed() -> None:
    """And so is every other connection."""
    with Akumuli() as server, socket.create_connection((LOOPBACK, server.port)) as other:
        other.sendall(b"+a t=v\r\n:1\r\n:1\r\n+a")
        _say(server, b"+a t='\r\n:1\r\n:1\r\n")
        assert server.has_crashed
        with pytest.raises(ConnectionResetError):
            other.recv(1)
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection((LOOPBACK, server.port))


def _say(server: Akumuli, data: bytes) -> bytes:
    """Send, half-close, and read to the end."""
    with socket.create_connection((LOOPBACK, server.port), timeout=5) as connection:
        connection.sendall(data)
        connection.shutdown(socket.SHUT_WR)
        answer = b""
        while block := connection.recv(4096):
            answer += block
        return answer
