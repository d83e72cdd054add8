"""What two servers' answers are compared by."""

import gzip
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

import brotli
import zstandard
from conformance.requests import Request
from support.http_reply import Reply

Aspects: TypeAlias = dict[str, object]

_BOUNDARY = re.compile(r'multipart/byteranges; ?boundary="?([^"]+)"?\Z')
_REDIRECTS = {301, 302, 307, 308}
_SHOWN_BYTES = 60
_DECODERS: dict[str, Callable[[bytes], bytes]] = {
    "br": brotli.decompress,
    "gzip": gzip.decompress,
    "zstd": lambda body: zstandard.ZstdDecompressor().decompressobj().decompress(body),
}


@dataclass(frozen=True, slots=True)
class Difference:
    """One aspect in which the answers to a request differ."""

    request: Request
    aspect: str
    ours: object
    theirs: object
    status: object
    """Ours."""

    def __str__(self) -> str:
        request = f"{self.request.method} {show(self.request.target)} {self.request.headers}"
        return f"{self.request.id}: {self.aspect} is {show(self.ours)}, the other's {show(self.theirs)}; {request}"


def differences(request: Request, ours: Aspects, theirs: Aspects) -> list[Difference]:
    """Compare two answers; when they differ in status, nothing else is looked at but where two redirects lead."""
    are_alike = ours["status"] == theirs["status"]
    are_redirects = {ours["status"], theirs["status"]} <= _REDIRECTS
    names = list(ours) if are_alike else ["status", "location"] if are_redirects else ["status"]
    return [
        Difference(request, name, ours[name], theirs[name], ours["status"])
        for name in names
        if ours[name] != theirs[name]
    ]


def aspects(request: Request, reply: Reply, connection: str) -> Aspects:
    """Take an answer apart into what two servers have to agree on.

    Not what is a server's own: Server, Date, the value of its ETag, the words of an error. A compressed body counts as
    what it stands for; parts of a multipart body by what is in them, not by their boundary.
    """
    return {
        "status": reply.status,
        "location": reply.header("location"),
        "allow": _words(reply, "allow"),
        "content-range": reply.header("content-range"),
        "vary": _words(reply, "vary"),
        "connection": connection,
        "framing": _framing(reply),
        **(_of_representation(reply) if reply.status in {200, 206, 304} else {}),
        **(_of_content(reply) if reply.status in {200, 206} else {}),
    }


def flaws(request: Request, reply: Reply) -> list[str]:
    """What is wrong with an answer whatever anybody else answers: RFC 9110 6.4, 8.6 and 15, RFC 9112 6."""
    length = reply.content_length
    has_body = reply.has_body(request.method)
    rules = {
        "a length beside chunks": reply.is_chunked and length is not None,
        "chunks for HTTP/1.0": reply.is_chunked and request.version == "1.0",
        "no Date": reply.header("date") is None,
        "a 206 to a request without Range": reply.status == 206 and request.header("Range") is None,
        "a 206 to HEAD": reply.status == 206 and request.method == "HEAD",
        "a 405 without Allow": reply.status == 405 and reply.header("allow") is None,
        "a 416 without a length": reply.status == 416
        and not (reply.header("content-range") or "").startswith("bytes */"),
        "a content type without content": reply.status == 304 and reply.header("content-type") is not None,
        "content without a type": has_body and bool(reply.body) and reply.header("content-type") is None,
        "a field twice": len(reply.headers) != len({name for name, _ in reply.headers}),
    }
    return [name for name, is_broken in rules.items() if is_broken]


def _words(reply: Reply, name: str) -> list[str]:
    """A list's members, whose order and case do not matter."""
    return sorted(word.strip().lower() for value in reply.header_all(name) for word in value.split(","))


def _framing(reply: Reply) -> str:
    if reply.is_chunked:
        return "chunked"
    return "counted" if reply.content_length is not None else "uncounted"


def _of_representation(reply: Reply) -> Aspects:
    etag = reply.header("etag")
    return {
        "etag": None if etag is None else "weak" if etag.startswith("W/") else "strong",
        "last-modified": reply.header("last-modified"),
    }


def _of_content(reply: Reply) -> Aspects:
    media_type = reply.header("content-type") or ""
    boundary = _BOUNDARY.match(media_type)
    coding = reply.header("content-encoding")
    return {
        "content-type": media_type if boundary is None else "multipart/byteranges",
        "content-encoding": coding,
        # Of other lengths by nature: a boundary of one's own, a compressor of one's own.
        "content-length": None if boundary or coding else reply.content_length,
        "accept-ranges": reply.header("accept-ranges"),
        "body": _parts(reply.body, boundary[1].encode()) if boundary else _decode(reply, coding),
    }


def _parts(body: bytes, boundary: bytes) -> list[tuple[list[bytes], bytes]]:
    """Each part's header lines, in order of their names, and its bytes."""
    parts = []
    for part in (b"\r\n" + body).split(b"\r\n--" + boundary)[1:-1]:
        head, _, content = part.removeprefix(b"\r\n").partition(b"\r\n\r\n")
        parts.append((sorted(line.lower() for line in head.split(b"\r\n")), content))
    return parts


def _decode(reply: Reply, coding: str | None) -> bytes:
    """All of a coded body stands for what it was made of; a part of it only for itself."""
    is_whole = reply.status == 200 and reply.body != b""
    return _DECODERS[coding](reply.body) if coding and is_whole else reply.body


def show(value: object) -> str:
    """Write a value for a reader of failures."""
    if isinstance(value, bytes) and len(value) > _SHOWN_BYTES:
        return f"{len(value)} bytes that begin {value[:_SHOWN_BYTES]!r}"
    return repr(value)
