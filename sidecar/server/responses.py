"""What is sent for what the cache holds: status, headers and which bytes. Pure."""

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from http import HTTPStatus

from sidecar.cache.stored import StoredResponse
from sidecar.cache.storing import METADATA_PREFIX
from sidecar.http import media_types
from sidecar.http.conditional import Conditions, Precondition, evaluate, range_applies
from sidecar.http.dates import format_http_date
from sidecar.http.entity_tag import EntityTag
from sidecar.http.multipart import closing_delimiter, multipart_length, multipart_type, part_head
from sidecar.http.ranges import (
    UNSATISFIABLE,
    ByteRange,
    RangeSelection,
    coalesce,
    select_ranges,
    unsatisfied_content_range,
)

Fields = tuple[tuple[str, str], ...]

MAX_RANGES = 16
"""A Range with more of them is ignored, as RFC 9110 14.2 allows: it is a mistake, or an attack."""

_LARGER_THAN_ANY = 2**60
_TEXT = "text/plain; charset=utf-8"
_PASSED_ON = ("content-disposition", "content-encoding", "content-language", "vary")
# What a 304 carries (RFC 9110 15.4.5); Content-Type and the like would be metadata the client has already.
_NOT_MODIFIED = frozenset(
    {"age", "cache-control", "content-location", "date", "etag", "expires", "last-modified", "vary"}
)


@dataclass(frozen=True, slots=True)
class Question:
    """What a request asks of an object, as far as the answer depends on it."""

    conditions: Conditions
    range: str | None

    @classmethod
    def of(cls, method: str, header: Callable[[str], str | None]) -> "Question":
        """From the method and a look-up of header values by lower-case name."""
        conditions = Conditions(
            if_match=header("if-match"),
            if_none_match=header("if-none-match"),
            if_modified_since=header("if-modified-since"),
            if_unmodified_since=header("if-unmodified-since"),
            if_range=header("if-range"),
        )
        # Range has a meaning for GET only (RFC 9110 14.2).
        return cls(conditions, header("range") if method == "GET" else None)

    def by_tag_only(self) -> "Question":
        """The same, but that a date in If-Range does not do: codings of one object share it (RFC 9110 8.8.2.2)."""
        if_range = self.conditions.if_range
        is_by_date = if_range is not None and EntityTag.parse(if_range) is None
        return replace(self, range=None) if is_by_date else self


@dataclass(frozen=True, slots=True)
class Part:
    """Bytes of the stored body that are sent, of how many in all, and what goes before them on the wire."""

    range: ByteRange
    complete_length: int
    head: bytes = b""


@dataclass(frozen=True, slots=True)
class Reply:
    """What to send: status, headers, and as its body either `text` or `parts` of the stored body and then `tail`."""

    status: int
    fields: Fields
    text: bytes = b""
    parts: tuple[Part, ...] = ()
    tail: bytes = b""

    def with_fields(self, *fields: tuple[str, str]) -> "Reply":
        """The same with more headers."""
        return replace(self, fields=(*self.fields, *fields))

    @property
    def media_type(self) -> str | None:
        """The value of content-type."""
        return next((value for name, value in self.fields if name == "content-type"), None)

    @property
    def is_coded(self) -> bool:
        """Whether its body has a content coding (RFC 9110 8.4)."""
        return any(name == "content-encoding" for name, _ in self.fields)

    def in_parts(self, boundary: str) -> "Reply":
        """The same with its parts set apart by `boundary`, for when there are several (RFC 9110 14.6).

        To be called when everything else is decided: the parts get the media type that the whole has till then.
        """
        media_type, tail = self.media_type or "", closing_delimiter(boundary)
        parts = tuple(
            replace(part, head=part_head(part.range, part.complete_length, media_type=media_type, boundary=boundary))
            for part in self.parts
        )
        length = sum(len(part.head) + part.range.length for part in parts) + len(tail)
        framing = (("content-type", multipart_type(boundary)), ("content-length", str(length)))
        fields = (*(field for field in self.fields if field[0] != "content-type"), *framing)
        return replace(self, fields=fields, parts=parts, tail=tail)


def text_reply(status: int, text: str, now: float, *fields: tuple[str, str]) -> Reply:
    """An answer in words of our own."""
    body = f"{text}\n".encode()
    return Reply(
        status,
        (("content-type", _TEXT), ("content-length", str(len(body))), ("date", format_http_date(now)), *fields),
        text=body,
    )


def empty_reply(status: int, now: float, *fields: tuple[str, str]) -> Reply:
    """An answer without a body, such as a 204."""
    return Reply(status, (("date", format_http_date(now)), *fields))


def reply_to(question: Question, stored: StoredResponse, *, media_type: str, now: float, is_seekable: bool) -> Reply:
    """Answer a GET or HEAD for an object that is there (RFC 9110 13.2.2); without ranges unless `is_seekable`."""
    fields = _representation(stored, media_type, now)
    match evaluate(question.conditions, etag=stored.etag, last_modified=stored.last_modified, now=now):
        case Precondition.NOT_MODIFIED:
            return Reply(HTTPStatus.NOT_MODIFIED, tuple(field for field in fields if field[0] in _NOT_MODIFIED))
        case Precondition.FAILED:
            return text_reply(HTTPStatus.PRECONDITION_FAILED, "412 Precondition Failed", now)
        case Precondition.PROCEED:
            if not is_seekable:
                return _whole(stored, (*fields, ("accept-ranges", "none")))
            return _selected(_selection(question, stored), stored, (*fields, ("accept-ranges", "bytes")), now)


def missing_reply(stored: StoredResponse, now: float) -> Reply:
    """The 404 for an object that is not there; with Age (RFC 9111 5.1), and fresh elsewhere for as long as it is here.

    A cache in front so asks again when it is asked again here, and not by its own heuristics (RFC 9111 4.2.2).
    """
    return text_reply(HTTPStatus.NOT_FOUND, "404 Not Found", now, *freshness_fields(stored, now))


def freshness_fields(stored: StoredResponse, now: float) -> Fields:
    """For how long a cache may use what is made of a stored response, and how old that is."""
    age = str(math.floor(stored.age_at(now)))
    return (("cache-control", stored.header("cache-control") or _own_cache_control(stored)), ("age", age))


def media_type_of(stored: StoredResponse, object_key: str) -> str:
    """The object's own media type, else one by its key's extension."""
    return media_types.media_type_of(stored.header("content-type"), object_key)


def asks_for_part(value: str | None) -> bool:
    """Whether a Range asks for less than all of a large object; what would be ignored does not."""
    return select_ranges(value, length=_LARGER_THAN_ANY, limit=MAX_RANGES) is not None


def _representation(stored: StoredResponse, media_type: str, now: float) -> Fields:
    fresh_until = stored.received_at - stored.initial_age_seconds + stored.lifetime_seconds
    fields = [
        ("content-type", media_type),
        *((name, stored.header(name)) for name in _PASSED_ON),
        ("etag", stored.etag),
        ("last-modified", stored.header("last-modified")),
        *freshness_fields(stored, now),
        ("expires", stored.header("expires") or format_http_date(fresh_until)),
        ("date", format_http_date(now)),
        *(field for field in stored.headers if field[0].startswith(METADATA_PREFIX)),
    ]
    return tuple((name, value) for name, value in fields if value is not None)


def _own_cache_control(stored: StoredResponse) -> str:
    return f"max-age={math.floor(stored.lifetime_seconds)}"


def _selection(question: Question, stored: StoredResponse) -> RangeSelection:
    if not range_applies(
        question.conditions.if_range,
        etag=stored.etag,
        last_modified=stored.last_modified,
        dated=stored.received_at - stored.initial_age_seconds,
    ):
        return None
    return select_ranges(question.range, length=stored.content_length, limit=MAX_RANGES)


def _selected(selection: RangeSelection, stored: StoredResponse, fields: Fields, now: float) -> Reply:
    if selection is UNSATISFIABLE:
        content_range = unsatisfied_content_range(stored.content_length)
        return text_reply(
            HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE,
            "416 Range Not Satisfiable",
            now,
            ("content-range", content_range),
            *(field for field in fields if field[0] == "vary"),  # so many bytes, in this coding
        )
    if selection is None:
        return _whole(stored, fields)
    return _partial(coalesce(selection), stored, fields) or _whole(stored, fields)


def _partial(ranges: tuple[ByteRange, ...], stored: StoredResponse, fields: Fields) -> Reply | None:
    """The 206; None when one with several parts would be longer than the whole (RFC 9110 15.3.7.2)."""
    complete = stored.content_length
    parts = tuple(Part(chosen, complete) for chosen in ranges)
    if len(ranges) == 1:
        more = (("content-length", str(ranges[0].length)), ("content-range", ranges[0].content_range(complete)))
        return Reply(HTTPStatus.PARTIAL_CONTENT, (*fields, *more), parts=parts)
    length = multipart_length(ranges, complete, media_type=dict(fields)["content-type"])
    return None if length >= complete else Reply(HTTPStatus.PARTIAL_CONTENT, fields, parts=parts)


def _whole(stored: StoredResponse, fields: Fields) -> Reply:
    length = stored.content_length
    parts = (Part(ByteRange(0, length), length),) if length else ()
    return Reply(HTTPStatus.OK, (*fields, ("content-length", str(length))), parts=parts)
