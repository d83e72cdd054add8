"""Answers byte by byte, apart from what depends on the second in which they were made."""

import re
import socket
import time
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Self

from support.http_body import Body
from support.http_client import LOOPBACK, TIMEOUT_SECONDS
from support.http_reply import Head

OWN_EXPIRES = datetime(2040, 1, 1, tzinfo=UTC)
"""An Expires that an object was stored with, and that is always the same."""

# Whole lines, spelled as the server spells them: when an answer was made, how old it is, and for how long it is fresh.
_DATE = rb"[A-Z][a-z]{2}, \d\d [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d GMT"
_OF_THE_SECOND = re.compile(rb"(?<=\r\n)(?:date: %b|age: \d+|expires: (?!Sun, 01 Jan 2040)%b)(?=\r\n)" % (_DATE, _DATE))
_TTL = re.compile(rb"(?<=\r\n)(cache-status: s3-sidecar; hit; ttl=)\d+(?=\r\n)")
_MAX_AGE = re.compile(rb"max-age=(\d+)")
_FIELD = re.compile(rb"\r\n([a-z-]+): ([^\r]*)(?=\r\n)")
_SECONDS_ON_THE_WAY = 5.0
_BOUNDARY = re.compile(rb"\r\ncontent-type: multipart/byteranges; boundary=([^\r]+)\r\n")


class RawConnection:
    """A connection whose answers are given as they came."""

    def __init__(self, port: int) -> None:
        self._socket = socket.create_connection((LOOPBACK, port), TIMEOUT_SECONDS)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._source = self._socket.makefile("rb")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def send(self, raw: bytes) -> None:
        """Send bytes as they are."""
        self._socket.sendall(raw)

    def receive(self, method: str) -> bytes:
        """Read the next answer, to a request by `method`; empty at the end of the connection."""
        head = b""
        while not head.endswith(b"\r\n\r\n"):
            line = self._source.readline()
            if not line:
                return head
            head += line
        if head.startswith(b"HTTP/1.1 1"):
            return head + self.receive(method)
        return head + Body(self._source, Head.parse(head), method).read()

    def rest(self) -> bytes:
        """Read on to the end of the connection."""
        return self._source.read()

    def close(self) -> None:
        """Close it."""
        self._source.close()
        self._socket.close()


def timeless(answer: bytes) -> bytes:
    """The same answer as it would be in any other second, and with any other boundary."""
    head, end, body = answer.partition(b"\r\n\r\n")
    head = _OF_THE_SECOND.sub(lambda line: line[0].partition(b":")[0] + b": then", head + b"\r\n")
    whole = _TTL.sub(rb"\1then", head) + end[2:] + body
    boundary = _BOUNDARY.search(whole)
    return whole if boundary is None else whole.replace(boundary[1], b"boundary")


def is_timely(answer: bytes) -> bool:
    """Whether Date is now, and age and what is left of the freshness are together the max-age that the cache chose.

    Both are cut to whole seconds, and Date and Expires too: they may be short of one together.
    """
    fields = dict(_FIELD.findall(answer.partition(b"\r\n\r\n")[0] + b"\r\n"))
    date = _instant(fields[b"date"])
    is_now = abs(date - time.time()) < _SECONDS_ON_THE_WAY  # noqa: TID251 - of a server's clock
    found = _TTL.search(answer), _MAX_AGE.fullmatch(fields.get(b"cache-control", b"")), fields.get(b"expires")
    if found[0] is None or found[1] is None or found[2] is None or b"age" not in fields:
        return is_now
    ttl, max_age, age = int(found[0][0].rpartition(b"=")[2]), int(found[1][1]), int(fields[b"age"])
    has_its_own = _instant(found[2]) == OWN_EXPIRES.timestamp()
    return is_now and max_age - 1 <= age + ttl <= max_age and (has_its_own or 0 <= _instant(found[2]) - date - ttl <= 1)


def _instant(value: bytes) -> float:
    return parsedate_to_datetime(value.decode()).timestamp()


def is_last(answer: bytes) -> bool:
    """Whether the answer says that the connection ends with it."""
    return b"\r\nconnection: close\r\n" in answer.partition(b"\r\n\r\n")[0] + b"\r\n"
