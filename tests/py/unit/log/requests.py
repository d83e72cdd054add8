"""Answered requests to tell of."""

from typing import Any

from sidecar.observe import RequestRecord
from sidecar.server.head import Head, read_head

AT_NS = 784_111_777_123_456_000
"""1994-11-06T08:49:37.123456Z."""


def a_head(*lines: bytes, first: bytes = b"GET /a.css?v=1 HTTP/1.1", host: bytes = b"www.example") -> Head:
    """The head of a request with these fields."""
    return read_head(b"\r\n".join((first, b"Host: " + host, *lines, b"", b"")))


def a_record(head: Head | None = None, **changes: Any) -> RequestRecord:
    """An answer of ten bytes out of the cache, but for the changes."""
    record = RequestRecord(
        method="GET",
        resource="/a.css",
        status=200,
        body_bytes=10,
        peer="192.0.2.7",
        media_type="text/css",
        outcome="hit",
        timestamp_ns=AT_NS,
        duration_ns=1_234_567,
        first_byte_ns=234_567,
        request=head or a_head(),
    )
    return record._replace(**changes)
