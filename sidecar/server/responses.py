"""What is sent for what the cache holds: status, headers and which bytes. Pure."""

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from http import HTTPStatus

from sidecar.cache.stored import StoredResponse
from sidecar.http.conditional import Conditions, Precondition, evaluate, range_applies
from sidecar.http.dates import format_http_date
from sidecar.http.media_types import guess_media_type, is_unset
from sidecar.http.ranges import UNSATISFIABLE, ByteRange, RangeSelection, select_ranges, unsatisfied_content_range

Fields = tuple[tuple[str, str], ...]

_TEXT = "text/plain; charset=utf-8"
_PASSED_ON = ("content-disposition", "content-encoding", "content-language")
# What a 304 carries (RFC 9110 15.4.5); Content-Type and the like would be metadata the client has already.
_NOT_MODIFIED = frozenset({"age", "cache-control", "date", "etag", "expires", "last-modified", "vary"})


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


@dataclass(frozen=True, slots=True)
class Reply:
    """What to send: status, headers, and as its body either `text` or these `bytes` of the stored body."""

    status: int
    fields: Fields
    text: bytes = b""
    bytes: ByteRange | None = None

    def with_fields(self, *fields: tuple[str, str]) -> "Reply":
        """The same with more headers."""
        return replace(self, fields=(*self.fields, *fields))

    @property
    def media_type(self) -> str | None:
        """The value of content-type."""
        return next((value for name, value in self.fields if name == "content-type"), None)


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


def media_type_of(stored: StoredResponse, object_key: str) -> str:
    """The object's own media type, else one by its key's extension."""
    declared = stored.header("content-type")
    return guess_media_type(object_key) if declared is None or is_unset(declared) else declared


def _representation(stored: StoredResponse, media_type: str, now: float) -> Fields:
    fresh_until = stored.received_at - stored.initial_age_seconds + stored.lifetime_seconds
    fields = [
        ("content-type", media_type),
        *((name, stored.header(name)) for name in _PASSED_ON),
        ("etag", stored.etag),
        ("last-modified", stored.header("last-modified")),
        ("cache-control", stored.header("cache-control") or f"max-age={math.floor(stored.lifetime_seconds)}"),
        ("expires", stored.header("expires") or format_http_date(fresh_until)),
        ("age", str(math.floor(stored.age_at(now)))),
        ("date", format_http_date(now)),
    ]
    return tuple((name, value) for name, value in fields if value is not None)


def _selection(question: Question, stored: StoredResponse) -> RangeSelection:
    if not range_applies(question.conditions.if_range, etag=stored.etag, last_modified=stored.last_modified):
        return None
    return select_ranges(question.range, length=stored.content_length)


def _selected(selection: RangeSelection, stored: StoredResponse, fields: Fields, now: float) -> Reply:
    if selection is UNSATISFIABLE:
        content_range = unsatisfied_content_range(stored.content_length)
        return text_reply(
            HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE,
            "416 Range Not Satisfiable",
            now,
            ("content-range", content_range),
        )
    if selection is None:
        return _whole(stored, fields)
    chosen = selection[0]
    content_range = chosen.content_range(stored.content_length)
    more = (("content-length", str(chosen.length)), ("content-range", content_range))
    return Reply(HTTPStatus.PARTIAL_CONTENT, (*fields, *more), bytes=chosen)


def _whole(stored: StoredResponse, fields: Fields) -> Reply:
    length = stored.content_length
    everything = ByteRange(0, length) if length else None
    return Reply(HTTPStatus.OK, (*fields, ("content-length", str(length))), bytes=everything)
