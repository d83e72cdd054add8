"""What a browser makes of an answer to a request of another origin: the algorithms of the Fetch standard.

Written from https://fetch.spec.whatwg.org, sections "CORS check", "CORS-preflight fetch" and "Main fetch"; without
credentials, which the server never allows.
"""

from collections.abc import Collection, Sequence

from sidecar.http.fields import split_list

Headers = Sequence[tuple[str, str]]

# The part of the CORS-safelisted response-header names that matters here, and the CORS-safelisted methods.
_ALWAYS_READABLE = frozenset(
    {"cache-control", "content-language", "content-length", "content-type", "expires", "last-modified", "pragma"}
)
_ALWAYS_SENT = frozenset({"GET", "HEAD", "POST"})


def may_read(origin: str, headers: Headers) -> bool:
    """The CORS check: exactly one Access-Control-Allow-Origin, which is `*` or the origin, byte for byte."""
    allowed = _combined(headers, "access-control-allow-origin")
    return allowed in {"*", origin}


def readable_headers(headers: Headers) -> set[str]:
    """The names of the headers that a script may read, once it may read the answer."""
    exposed = _list(headers, "access-control-expose-headers")
    names = {name for name, _ in headers}
    return names if "*" in exposed else names & ({*exposed} | _ALWAYS_READABLE)


def may_send(method: str, unsafe_headers: Collection[str], origin: str, status: int, preflight: Headers) -> bool:
    """The CORS-preflight fetch: whether its answer lets the request itself go out."""
    if not may_read(origin, preflight) or status not in range(200, 300):
        return False
    methods = split_list(_combined(preflight, "access-control-allow-methods") or "")  # case counts
    if method not in {*methods, *_ALWAYS_SENT} and "*" not in methods:
        return False
    allowed = _list(preflight, "access-control-allow-headers")
    return all(name.lower() in allowed or "*" in allowed for name in unsafe_headers)


def _combined(headers: Headers, name: str) -> str | None:
    values = [value for known, value in headers if known == name]
    return ", ".join(values) if values else None


def _list(headers: Headers, name: str) -> list[str]:
    return [member.lower() for member in split_list(_combined(headers, name) or "")]
