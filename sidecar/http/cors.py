"""Who may read an answer from a page of another origin: the CORS protocol of the Fetch standard, 3.2."""

from collections.abc import Callable

ALLOWED_METHODS = "GET, HEAD, OPTIONS"

_READABLE = "accept-ranges, age, cache-status, content-encoding, content-length, content-range, date, etag, *"
_SENDABLE = "cache-control, if-match, if-modified-since, if-none-match, if-range, if-unmodified-since, range"
_MAX_AGE_SECONDS = "86400"
_METHODS = frozenset(ALLOWED_METHODS.split(", "))
_ASKED = "access-control-request-headers, access-control-request-method"


def cors_fields(origin: str | None, allowed: tuple[str, ...]) -> list[tuple[str, str]]:
    """Headers for an answer to a request from `origin`, where `allowed` is a list of origins or holds `*`.

    Who may read the answer may read all of its headers: credentials are never allowed, so `*` has its full meaning, and
    the names before it are for browsers older than that. With a list the answer depends on Origin even when that is
    absent or refused, and Vary says so (RFC 9110 12.5.5).
    """
    allowed_origin = _allowed_origin(origin, allowed)
    fields = [("access-control-expose-headers", _READABLE)] if allowed_origin is not None else []
    return [*_origin_fields(allowed_origin), *fields, *_vary(allowed)]


def preflight_fields(header: Callable[[str], str | None], allowed: tuple[str, ...]) -> list[tuple[str, str]]:
    """Headers for the answer to OPTIONS; `header` looks up the request's by lower-case name.

    An origin or a method that is not allowed is told nothing but what the answer depends on. Request headers are not
    echoed: those that have a meaning here are few.
    """
    allowed_origin = _allowed_origin(header("origin"), allowed)
    method = header("access-control-request-method")
    vary = [*_vary(allowed), ("vary", _ASKED)]
    if allowed_origin is None or (method is not None and method not in _METHODS):
        return vary
    fields = [("access-control-allow-methods", ALLOWED_METHODS), ("access-control-max-age", _MAX_AGE_SECONDS)]
    if header("access-control-request-headers") is not None:
        fields.append(("access-control-allow-headers", _SENDABLE))
    return [*_origin_fields(allowed_origin), *fields, *vary]


def _allowed_origin(origin: str | None, allowed: tuple[str, ...]) -> str | None:
    """What Access-Control-Allow-Origin says; None when it is not sent."""
    if "*" in allowed:
        return "*"
    return origin if origin in allowed else None


def _origin_fields(allowed_origin: str | None) -> list[tuple[str, str]]:
    return [] if allowed_origin is None else [("access-control-allow-origin", allowed_origin)]


def _vary(allowed: tuple[str, ...]) -> list[tuple[str, str]]:
    return [] if "*" in allowed else [("vary", "origin")]
