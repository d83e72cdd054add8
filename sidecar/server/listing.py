"""Answers that list a folder: what may be asked of them, and in which form they come. Pure."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any
from urllib.parse import parse_qsl, urlencode

from sidecar.cache.ports import FolderEntry, FolderPage, PageOf
from sidecar.http.accept import quality
from sidecar.http.dates import format_http_date
from sidecar.http.target import is_possible_key
from sidecar.origin.steps import Visit
from sidecar.server.listing_page import CONTENT_SECURITY_POLICY, listing_page
from sidecar.server.responses import Reply

DEFAULT_LIMIT = 200
MAX_LIMIT = 1000
"""The most that S3 lists at once."""

_HTML = "text/html; charset=utf-8"
_JSON = "application/json"
_MOST_FIELDS = 20


class ListingQueryError(ValueError):
    """The query asks for no page of a folder: answer 400. The message is fit for the body."""


@dataclass(frozen=True, slots=True)
class ListingQuery:
    """Which part of a folder is wanted, and in which form: `json`, `html`, or None for what Accept says."""

    after: str = ""
    limit: int = DEFAULT_LIMIT
    form: str | None = None

    @classmethod
    def parse(cls, query: str | None) -> "ListingQuery":
        """Read `after`, `limit` and `format`, of each the first; others are ignored. Raises ListingQueryError."""
        fields = _fields(query or "")
        form = fields.get("format")
        if form not in {None, "html", "json"}:
            raise ListingQueryError("format must be html or json.")
        return cls(_after(fields), _limit(fields), form)

    def page_of(self, prefix: str) -> PageOf:
        """The page of the folder with this prefix. Raises ListingQueryError when no key could be there."""
        if not is_possible_key(prefix + self.after + "x"):
            raise ListingQueryError("after must be a name that the folder could have.")
        return PageOf(prefix, self.after, self.limit)

    def next_page(self, page: FolderPage) -> str | None:
        """The reference to the page after this one, with the same limit and form."""
        if page.is_last or not page.entries:
            return None
        fields: dict[str, object] = {"after": page.entries[-1].name, "limit": self.limit}
        return "?" + urlencode(fields | ({"format": self.form} if self.form else {}))


def listing_reply(visit: Visit, query: ListingQuery, page: FolderPage, now: float) -> Reply:
    """A page of a folder, as HTML or JSON, with the next one in Link (RFC 8288)."""
    next_page = query.next_page(page)
    is_json = query.form == "json" or (query.form is None and _prefers_json(visit.accept))
    body = _as_json(page) if is_json else listing_page(visit.path, page, next_page)
    fields = (
        ("content-type", _JSON if is_json else _HTML),
        ("content-length", str(len(body))),
        ("date", format_http_date(now)),
        ("cache-control", "no-cache"),
        ("vary", "accept"),
        ("content-security-policy", CONTENT_SECURITY_POLICY),
        ("x-content-type-options", "nosniff"),
        *((("link", f'<{next_page}>; rel="next"'),) if next_page else ()),
    )
    return Reply(HTTPStatus.OK, fields, text=body)


def _fields(query: str) -> Mapping[str, str]:
    try:
        pairs = parse_qsl(query, keep_blank_values=True, errors="strict", max_num_fields=_MOST_FIELDS)
    except ValueError:  # UnicodeDecodeError is one
        raise ListingQueryError(f"The query must be UTF-8 and have at most {_MOST_FIELDS} fields.") from None
    return dict(reversed(pairs))


def _after(fields: Mapping[str, str]) -> str:
    after = fields.get("after", "")
    if "\0" in after:
        raise ListingQueryError("after must not have a NUL character.")
    return after


def _limit(fields: Mapping[str, str]) -> int:
    text = fields.get("limit", str(DEFAULT_LIMIT))
    limit = int(text) if text.isascii() and text.isdigit() and len(text) <= len(str(MAX_LIMIT)) else 0
    if not 1 <= limit <= MAX_LIMIT:
        raise ListingQueryError(f"limit must be a whole number from 1 to {MAX_LIMIT}.")
    return limit


def _prefers_json(accept: str | None) -> bool:
    return quality(accept, _JSON) > quality(accept, "text/html")


def _as_json(page: FolderPage) -> bytes:
    """In the form of nginx's autoindex_format json: what reads that reads this."""
    return json.dumps([_json_entry(entry) for entry in page.entries], indent=1).encode() + b"\n"


def _json_entry(entry: FolderEntry) -> dict[str, Any]:
    if entry.is_folder:
        return {"name": entry.name[:-1], "type": "directory"}
    modified = None if entry.modified_at is None else format_http_date(entry.modified_at)
    return {"name": entry.name, "type": "file", "mtime": modified, "size": entry.size}
