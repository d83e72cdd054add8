"""Conditional requests: RFC 9110 13."""

from dataclasses import dataclass
from enum import Enum

from sidecar.http.dates import parse_http_date
from sidecar.http.entity_tag import EntityTag


class Precondition(Enum):
    """What a request's conditions come to."""

    PROCEED = "proceed"
    """Answer as if there were no condition."""
    NOT_MODIFIED = "not-modified"
    """304: the client has it."""
    FAILED = "failed"
    """412: the client wanted another one."""


@dataclass(frozen=True, slots=True)
class Conditions:
    """The conditional fields of a request, each its combined raw value, None when absent (RFC 9110 13.1)."""

    if_match: str | None = None
    if_none_match: str | None = None
    if_modified_since: str | None = None
    if_unmodified_since: str | None = None
    if_range: str | None = None


def evaluate(conditions: Conditions, *, etag: str | None, last_modified: int | None, now: float) -> Precondition:
    """Evaluate the conditions of a GET or HEAD in the order of RFC 9110 13.2.2; `range_applies` is its step 5.

    Only for what would be answered with a 2xx otherwise (RFC 9110 13.2.1), so `*` always matches. `etag` is the raw
    field value; `last_modified` and `now` are epoch seconds. Invalid dates, and dates when there is no `last_modified`,
    are ignored; a date in the future is not invalid (RFC 9110 13.1.3). A malformed list of entity-tags matches nothing.
    `now` serves for two-digit years.
    """
    current = _tag(etag)
    if not _is_wanted(conditions, current, last_modified, now):
        return Precondition.FAILED
    if _is_held(conditions, current, last_modified, now):
        return Precondition.NOT_MODIFIED
    return Precondition.PROCEED


def range_applies(if_range: str | None, *, etag: str | None, last_modified: int | None, dated: float) -> bool:
    """Tell whether Range may be honoured: If-Range is absent or names exactly this representation (RFC 9110 13.1.5).

    Entity-tags compare strongly. A date has to equal `last_modified`, epoch seconds, and counts only if that is a
    strong validator: the origin's answer is `dated` at least a second after it, so that nothing can have changed within
    the same second (RFC 9110 8.8.2.2). Anything else, a malformed value too, means the whole representation.
    """
    if if_range is None:
        return True
    if (asked := EntityTag.parse(if_range)) is not None:
        current = _tag(etag)
        return current is not None and asked.matches_strongly(current)
    is_strong = last_modified is not None and dated >= last_modified + 1
    return is_strong and parse_http_date(if_range) == last_modified


def _tag(etag: str | None) -> EntityTag | None:
    return None if etag is None else EntityTag.parse(etag)


def _is_wanted(conditions: Conditions, current: EntityTag | None, last_modified: int | None, now: float) -> bool:
    """Take steps 1 and 2: If-Match, and only without it If-Unmodified-Since."""
    if conditions.if_match is not None:
        return _matches(conditions.if_match, current, is_strong=True)
    return _is_modified_since(conditions.if_unmodified_since, last_modified, now) is not True


def _is_held(conditions: Conditions, current: EntityTag | None, last_modified: int | None, now: float) -> bool:
    """Take steps 3 and 4: If-None-Match, and only without it If-Modified-Since."""
    if conditions.if_none_match is not None:
        return _matches(conditions.if_none_match, current, is_strong=False)
    return _is_modified_since(conditions.if_modified_since, last_modified, now) is False


def _matches(field: str, current: EntityTag | None, *, is_strong: bool) -> bool:
    if field.strip(" \t") == "*":
        return True
    if current is None:
        return False
    matches = current.matches_strongly if is_strong else current.matches_weakly
    return any(matches(tag) for tag in EntityTag.parse_list(field))


def _is_modified_since(field: str | None, last_modified: int | None, now: float) -> bool | None:
    """Compare with the date of a field; None when the field does not count."""
    if field is None or last_modified is None:
        return None
    since = parse_http_date(field, now=now)
    return None if since is None else last_modified > since
