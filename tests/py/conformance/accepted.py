"""Where our answers may differ from nginx's, and why: RFC 9110 and 9112 win over nginx, our own contract over habit.

Each row must be needed: one that covers nothing any more fails the test.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

from conformance.answer import Difference
from conformance.dimensions import INVALID_DATES, MALFORMED_RANGES, OVERLAPPING_RANGES, SAFE_METHODS
from conformance.files import FILES
from conformance.requests import Request

When: TypeAlias = Callable[[Request], bool]

MAX_RANGES = 16
"""Ours, for one request."""

_PART_HEAD_BYTES = 150
_ANY: tuple[object, ...] = ()


@dataclass(frozen=True, slots=True)
class Accepted:
    """Differences in `aspects` of the answers to some requests; empty `ours` or `theirs` stand for any value.

    `status`, where it matters, is that of both answers. `until` names what ends the difference, where it is unwanted.
    """

    name: str
    reason: str
    when: When
    aspects: tuple[str, ...] = ("status",)
    ours: tuple[object, ...] = _ANY
    theirs: tuple[object, ...] = _ANY
    status: int | None = None
    until: str = ""

    def covers(self, difference: Difference) -> bool:
        """Tell whether the difference is of this kind."""
        return (
            difference.aspect in self.aspects
            and (not self.ours or difference.ours in self.ours)
            and (not self.theirs or difference.theirs in self.theirs)
            and self.status in {None, difference.status}
            and self.when(difference.request)
        )


def _always(_: Request) -> bool:
    return True


def _has(name: str) -> When:
    return lambda request: request.header(name) is not None


def _says(name: str, *values: str) -> When:
    return lambda request: request.header(name) in values


def _repeats(name: str) -> When:
    return lambda request: [other for other, _ in request.headers].count(name) > 1


def _method(*names: str) -> When:
    return lambda request: request.method in names


def _target(pattern: bytes) -> When:
    compiled = re.compile(pattern)
    return lambda request: compiled.search(request.target) is not None


def _all(*conditions: When) -> When:
    return lambda request: all(condition(request) for condition in conditions)


def _count_ranges(request: Request) -> int:
    return (request.header("Range") or "").count(",") + 1


def _size_of(request: Request) -> int:
    return next((len(file.body) for file in FILES if file.path == request.path), 0)


def _is_unsafe(request: Request) -> bool:
    return request.method not in SAFE_METHODS


ACCEPTED = (
    # Methods
    Accepted(
        "OPTIONS",
        "RFC 9110 9.3.7: OPTIONS tells what is allowed, and CORS preflights need it. nginx has none for files.",
        _method("OPTIONS"),
        ours=(204,),
        theirs=(400, 405),
    ),
    Accepted(
        "method-before-target",
        "A method that the website has for no target is refused before the target is looked at.",
        _is_unsafe,
        ours=(405,),
        theirs=(400, 404, 301),
    ),
    Accepted(
        "allow",
        "RFC 9110 15.5.6: a 405 must name the methods; nginx does not.",
        _is_unsafe,
        ("allow",),
        ours=(["get", "head", "options"],),
        theirs=([],),
        status=405,
    ),
    Accepted(
        "TRACE-stays",
        "nginx closes the connection after TRACE, which nothing asks for.",
        _method("TRACE"),
        ("connection",),
        ours=("stays",),
        theirs=("closes",),
        status=405,
    ),
    # Conditions
    Accepted(
        "invalid-if-unmodified-since",
        "RFC 9110 13.1.4: a value that is no HTTP date must be ignored. nginx takes it for a date long ago.",
        _says("If-Unmodified-Since", *INVALID_DATES),
        theirs=(412,),
    ),
    Accepted(
        "if-match-wins",
        "RFC 9110 13.2.2: with If-Match, If-Unmodified-Since is not evaluated. nginx evaluates both.",
        _all(_has("If-Match"), _has("If-Unmodified-Since")),
        theirs=(412,),
    ),
    Accepted(
        "if-none-match-wins",
        "RFC 9110 13.1.3: with If-None-Match, If-Modified-Since must be ignored. For nginx both have to hold.",
        _all(_has("If-None-Match"), _has("If-Modified-Since")),
        ours=(304,),
        theirs=(200, 206, 416),
    ),
    Accepted(
        "star-in-a-list",
        "RFC 9110 13.1: `*` stands alone. In a list the field is malformed, and matches nothing.",
        lambda request: "*, {etag}" in {request.header("If-Match"), request.header("If-None-Match")},
        theirs=(200, 206, 304, 412, 416),
    ),
    Accepted(
        "tag-of-a-coding",
        "RFC 9110 13.1.1: If-Match compares strongly. nginx's tag of what it compresses is weak, and matches nothing.",
        _all(_has("Accept-Encoding"), _has("If-Match")),
        theirs=(412,),
    ),
    Accepted(
        "a-list-in-two-fields",
        "RFC 9110 5.3: the fields of a list are one list. nginx refuses them.",
        lambda request: _repeats("If-Match")(request) or _repeats("If-None-Match")(request),
        theirs=(400,),
    ),
    # Ranges
    Accepted(
        "range-of-HEAD",
        "RFC 9110 14.2: Range has a meaning for GET only.",
        _all(_method("HEAD"), _has("Range")),
        ours=(200,),
        theirs=(206, 416),
    ),
    Accepted(
        "malformed-range",
        "RFC 9110 14.2: what is malformed may be ignored or refused; ignoring it harms no client.",
        _says("Range", *MALFORMED_RANGES, "bytes=0-0,5-2", "none="),
        ours=(200,),
        theirs=(206, 416),
    ),
    Accepted(
        "range-with-spaces-inside",
        "RFC 9110 14.1.1: no space is allowed within a range; nginx skips it.",
        _says("Range", "bytes=0 -0", "bytes=0- 0"),
        ours=(200,),
        theirs=(206,),
    ),
    Accepted(
        "range-list",
        "RFC 9110 5.6.1: empty members of a list, and any space around one, are to be passed over.",
        _says("Range", "bytes=0-0,", "bytes=,0-0", "bytes=\t0-0"),
        ours=(206,),
        theirs=(416,),
    ),
    Accepted(
        "huge-positions",
        "RFC 9110 14.1.2: a position beyond the end means the end, however many digits it has.",
        lambda request: "9" * 20 in (request.header("Range") or ""),
        ours=(206,),
        theirs=(416,),
    ),
    Accepted(
        "range-of-nothing",
        "RFC 9110 14.1.2: no range is satisfiable in an empty representation. nginx knows no ranges of an empty file.",
        _all(lambda request: request.path == "empty.txt" or request.target == b"/empty.txt", _has("Range")),
        ours=(416,),
        theirs=(200,),
    ),
    Accepted(
        "joined-ranges",
        "RFC 9110 15.3.7.2: ranges that overlap or adjoin may be joined. nginx sends some bytes twice.",
        _says("Range", *OVERLAPPING_RANGES),
        ("content-range", "content-type", "content-length", "body"),
        status=206,
    ),
    Accepted(
        "ranges-of-more-than-all",
        "nginx sends the whole when the ranges add up to more than that; joined they never do.",
        lambda request: _count_ranges(request) > 1,
        ours=(206,),
        theirs=(200,),
    ),
    Accepted(
        "parts-longer-than-all",
        "RFC 9110 15.3.7.2: parts have heads. What is shorter as a whole comes whole.",
        lambda request: _count_ranges(request) > 1 and _size_of(request) < _PART_HEAD_BYTES * _count_ranges(request),
        ours=(200,),
        theirs=(206,),
    ),
    Accepted(
        "parts-longer-than-all-of-a-coding",
        "The same, of what is shorter in its coding than it is as it was stored.",
        lambda request: _count_ranges(request) > 1 and request.header("Accept-Encoding") is not None,
        ours=(200,),
        theirs=(206,),
    ),
    Accepted(
        "too-many-ranges",
        "RFC 9110 14.2: very many ranges may be ignored. nginx has no limit by default.",
        lambda request: _count_ranges(request) > MAX_RANGES,
        ours=(200,),
        theirs=(206,),
    ),
    Accepted(
        "accept-ranges",
        "RFC 9110 14.3: nothing forbids it in a 206, where nginx leaves it out.",
        _has("Range"),
        ("accept-ranges",),
        ours=("bytes",),
        theirs=(None,),
        status=206,
    ),
    # Targets
    Accepted(
        "parent-segments",
        "A `..` segment is refused however it is written: it can only be a probe, as clients resolve it themselves.",
        _target(rb"(?i)(\.|%2e){2}(/|%2f|%5c|$)"),
        ours=(400,),
        theirs=(200, 404),
    ),
    Accepted(
        "dot-segments",
        "A key may have a `.` segment, so it is asked for as it is; this store refuses such keys.",
        _target(rb"(?i)/(\.|%2e)(/|$)"),
        ours=(502,),
        theirs=(200,),
    ),
    Accepted("fragment", "RFC 9112 3.2.1: a target has no fragment; nginx cuts it off.", _target(rb"#"), ours=(400,)),
    Accepted(
        "space-at-the-end",
        "RFC 9112 3: a request line with a space too many is malformed, and may be refused.",
        _target(rb" $"),
        ours=(400,),
        theirs=(200,),
    ),
    Accepted(
        "not-utf-8",
        "Keys are UTF-8: what is not names nothing.",
        _target(rb"(?i)%(ff|c0|e0%a4%a)"),
        ours=(400,),
        theirs=(404,),
    ),
    Accepted(
        "folder-without-index",
        "A bucket has no folders: what has no index document is missing, not forbidden.",
        _target(rb"^/bare/$"),
        ours=(404,),
        theirs=(403,),
    ),
    Accepted(
        "folder-without-slash",
        "As the S3 website endpoint redirects: 302, since the folder may become an object. nginx says 301.",
        _target(rb"^/docs(\?|$)"),
        ours=(302,),
        theirs=(301,),
    ),
    Accepted(
        "folder-without-slash-or-index",
        "A bucket has no folders: what has no index document is missing, and there is nowhere to lead to.",
        _target(rb"^/bare$"),
        ours=(404,),
        theirs=(301,),
    ),
    Accepted(
        "bad-target-stays",
        "A target that names nothing does not spoil the connection; nginx closes it after every 400.",
        _always,
        ("connection",),
        ours=("stays",),
        theirs=("closes",),
        status=400,
    ),
    Accepted(
        "absolute-form",
        "Who sends the absolute-form takes this server for a proxy, and is told that it is none.",
        _target(rb"(?i)^(https?|ftp)://"),
        ours=(400,),
        theirs=(200,),
    ),
    # Content codings
    Accepted(
        "codings",
        "RFC 9110 12.5.3: br and zstd are known here, weights count, x-gzip is gzip (8.4.1.3). nginx knows gzip only.",
        _has("Accept-Encoding"),
        ("content-encoding", "content-length"),
    ),
    Accepted(
        "stored-variants",
        "A variant is stored: it has a length, ranges and a strong tag of its own. nginx compresses while it sends.",
        _has("Accept-Encoding"),
        ("framing", "etag", "accept-ranges"),
        ours=("counted", "strong", "bytes"),
        theirs=("chunked", "uncounted", "weak", None),
    ),
    Accepted(
        "ranges-of-a-coding",
        "RFC 9110 14.2: ranges are of the representation that was chosen. nginx serves none of what it compresses.",
        _all(_has("Accept-Encoding"), _has("Range")),
        ours=(206, 416),
        theirs=(200, 206),
    ),
    Accepted(
        "other-ranges-of-a-coding",
        "The same, where nginx sends the part of what it does not compress: br and zstd.",
        _all(_has("Accept-Encoding"), _has("Range")),
        ("content-range", "body"),
    ),
    Accepted(
        "date-of-several-representations",
        "RFC 9110 8.8.2.2: variants share their date, which therefore is no strong validator for If-Range.",
        _says("If-Range", "{modified}", "{modified_rfc850}", "{modified_asctime}"),
        ours=(200,),
        theirs=(206, 416),
    ),
    Accepted(
        "vary-of-a-304",
        "RFC 9110 15.4.5: a 304 carries the Vary that the 200 would have; nginx's does not.",
        _always,
        ("vary",),
        ours=(["accept-encoding"],),
        theirs=([],),
        status=304,
    ),
    # What is yet to come
)
