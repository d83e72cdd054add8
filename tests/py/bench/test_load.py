"""Requests that are all different, and our own connections that send them."""

import httptools
import pytest
from support.fixed_answer import answering

from bench.load.connections import exchange
from bench.load.requests import distinct_requests, request_bytes
from bench.load.wrk import wrk

BODY = b"x" * 200_000
OK = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(BODY) + BODY


class Headers:
    """What httptools calls."""

    def __init__(self, raw: bytes) -> None:
        self.found: dict[bytes, bytes] = {}
        parser = httptools.HttpRequestParser(self)
        parser.feed_data(raw)
        self.url = ""

    def on_header(self, name: bytes, value: bytes) -> None:
        """Keep it."""
        self.found[name.lower()] = value


def test_requests_are_all_different() -> None:
    """Each has a client address, a browser and a trace that no other has."""
    fields = [[("Range", "bytes=0-1")], [("Range", "bytes=1-2")]]
    found = [Headers(raw).found for raw in distinct_requests("/a", host="h", fields=fields, count=500)]
    assert len({headers[b"user-agent"] for headers in found}) == 500
    assert len({headers[b"traceparent"] for headers in found}) == 500
    assert len({headers[b"x-forwarded-for"] for headers in found}) == 500
    assert [headers[b"range"] for headers in found[:3]] == [b"bytes=0-1", b"bytes=1-2", b"bytes=0-1"]


def test_connections() -> None:
    """Every request is answered once, on as many connections as were asked for, and every byte is counted."""
    with answering(OK) as port:
        reading = exchange(port, [request_bytes("/", ())] * 7, connections=3)
    assert (reading.answers, reading.errors, reading.bytes) == (7, 0, 7 * len(OK))
    assert reading.p50_ms is not None
    assert reading.p99_ms is not None
    assert 0 < reading.p50_ms <= reading.p99_ms <= reading.seconds * 1000


def test_a_bad_status_is_an_error() -> None:
    """It is counted."""
    with answering(b"HTTP/1.1 503 Busy\r\ncontent-length: 1\r\n\r\nx") as port:
        assert exchange(port, [request_bytes("/", ())] * 2, connections=1).errors == 2


def test_an_answer_that_breaks_off() -> None:
    """It is not taken for a whole one."""
    with answering(OK[:-1], closes=True) as port, pytest.raises(ConnectionResetError, match="before the end"):
        exchange(port, [request_bytes("/", ())], connections=1)


def test_wrk() -> None:
    """It sends what it was given, stops after a fraction of a second, and reports."""
    with answering(b"HTTP/1.1 503 Busy\r\ncontent-length: 1\r\n\r\nx") as port:
        reading = wrk(port, [request_bytes("/", (("Host", "h"),))], connections=2, seconds=0.1)
    assert reading.errors == reading.answers > 0
    assert reading.seconds < 1
