"""URI references that lead where they say, for Location and links: RFC 3986 4.2, RFC 9110 10.2.2."""

import re
from typing import Final
from urllib.parse import quote

from sidecar.http.authority import is_authority

# Of pchar (RFC 3986 3.3) what is not a letter, a digit or one of "-._~", which are never encoded.
_PATH: Final = "/:@!$&'()*+,;="
_QUERY: Final = _PATH + "?[]"
# Everything that has a place in a reference; what is encoded already stays as it is.
_REFERENCE: Final = _QUERY + "#%"
_WEB_URL: Final = re.compile(r"https?://([^/?#]*)", re.IGNORECASE)
_BROKEN_ESCAPE: Final = re.compile(r"%(?![0-9A-Fa-f]{2})")


def encode_path(path: str, *, is_in_query: bool = False) -> str:
    """Percent-encode a decoded path; with `is_in_query` so that it can be a value of a query, too."""
    return quote(path, safe="/:@!$'()*,;" if is_in_query else _PATH)


def encode_written(text: str) -> str:
    """Percent-encode what has no place in a reference that somebody has written, and nothing else."""
    return quote(_BROKEN_ESCAPE.sub("%25", text), safe=_REFERENCE)


def rooted(reference: str) -> str:
    """Keep a reference that begins with a slash on its host: `//name/` would lead to another one (RFC 3986 4.2)."""
    return "/%2F" + reference[2:] if reference.startswith("//") else reference


def with_query(reference: str, query: str | None) -> str:
    """Add a raw query, to one that may be there already; None adds nothing."""
    if query is None:
        return reference
    encoded = quote(query, safe=_QUERY + "%")
    return f"{reference}{'&' if '?' in reference else '?'}{encoded}"


def path_reference(path: str, query: str | None = None) -> str:
    """The path-absolute reference to a decoded path that begins with a slash; never to another host."""
    return with_query(rooted(encode_path(path)), query)


def is_web_url(text: str) -> bool:
    """Tell whether the text is an absolute http or https URL with a host, and without user information."""
    match = _WEB_URL.match(text)
    return match is not None and is_authority(match[1])
