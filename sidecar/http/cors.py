"""Who may read an answer from a page of another origin: the CORS protocol of the Fetch standard, 3.2."""

ALLOWED_METHODS = "GET, HEAD, OPTIONS"
_MAX_AGE_SECONDS = "86400"


def cors_fields(origin: str | None, allowed: tuple[str, ...]) -> list[tuple[str, str]]:
    """Headers for an answer to a request from `origin`, where `allowed` is a list of origins or holds `*`.

    With a list the answer depends on Origin even when that is absent or refused, and Vary says so (RFC 9110 12.5.5).
    """
    if "*" in allowed:
        return [("access-control-allow-origin", "*")]
    if origin is not None and origin in allowed:
        return [("access-control-allow-origin", origin), ("vary", "origin")]
    return [("vary", "origin")]


def preflight_fields(
    origin: str | None, allowed: tuple[str, ...], requested_headers: str | None
) -> list[tuple[str, str]]:
    """Headers for the answer to OPTIONS; asked-for request headers are few and harmless here, `range` above all."""
    fields = [*cors_fields(origin, allowed), ("access-control-allow-methods", ALLOWED_METHODS)]
    if requested_headers is not None:
        fields.append(("access-control-allow-headers", "range, if-none-match, if-modified-since, cache-control"))
    return [*fields, ("access-control-max-age", _MAX_AGE_SECONDS)]
