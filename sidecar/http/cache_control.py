"""The Cache-Control field, of requests and of responses: RFC 9111 5.2, RFC 5861, RFC 8246."""

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from sidecar.http.fields import split_list, unquote_string

MAX_DELTA_SECONDS: Final = 2**31
"""What stands for any greater number of seconds, and for "however long" (RFC 9111 1.2.2)."""

_DELTA_SECONDS: Final = re.compile("[0-9]+")
_MAX_DIGITS: Final = len(str(MAX_DELTA_SECONDS))


@dataclass(frozen=True, slots=True)
class CacheControl:
    """The directives of one field value; seconds, or None for absent.

    `no-cache` and `private` with field names are read as without them: the whole response is held back, where only
    some of its fields had to be. That is conservative, and RFC 9111 5.2.2.4 and 5.2.2.7 know it as common practice.
    """

    max_age: int | None = None
    s_maxage: int | None = None
    stale_while_revalidate: int | None = None
    stale_if_error: int | None = None
    max_stale: int | None = None
    min_fresh: int | None = None
    no_cache: bool = False
    no_store: bool = False
    no_transform: bool = False
    private: bool = False
    public: bool = False
    must_revalidate: bool = False
    proxy_revalidate: bool = False
    must_understand: bool = False
    immutable: bool = False
    only_if_cached: bool = False

    @classmethod
    def parse(cls, value: str | None) -> "CacheControl":
        """Read a field value, None for an absent field (RFC 9111 5.2); never raises.

        Of a repeated directive the first counts (RFC 9111 4.2.1). An invalid argument makes max-age and s-maxage 0,
        and any other directive in seconds absent. Unknown directives are ignored (RFC 9111 5.2.3).
        """
        return _NOTHING if value is None else _parse(value)


_NOTHING: Final = CacheControl()


# Bounded, because requests choose the key; a bucket has few distinct values.
@lru_cache(maxsize=256)
def _parse(value: str) -> CacheControl:
    directives = _directives(value)
    return CacheControl(
        max_age=_seconds(directives, "max-age", invalid=0),
        s_maxage=_seconds(directives, "s-maxage", invalid=0),
        stale_while_revalidate=_seconds(directives, "stale-while-revalidate"),
        stale_if_error=_seconds(directives, "stale-if-error"),
        max_stale=_max_stale(directives),
        min_fresh=_seconds(directives, "min-fresh"),
        no_cache="no-cache" in directives,
        no_store="no-store" in directives,
        no_transform="no-transform" in directives,
        private="private" in directives,
        public="public" in directives,
        must_revalidate="must-revalidate" in directives,
        proxy_revalidate="proxy-revalidate" in directives,
        must_understand="must-understand" in directives,
        immutable="immutable" in directives,
        only_if_cached="only-if-cached" in directives,
    )


def _directives(value: str) -> dict[str, str | None]:
    """Map lower-case names to arguments, None for a directive without `=`; the first of each name stays."""
    directives: dict[str, str | None] = {}
    for member in split_list(value):
        name, equals, argument = member.partition("=")
        # Whitespace around the equals sign is not in the grammar, but leaves no doubt about what was meant.
        directives.setdefault(name.rstrip(" \t").lower(), unquote_string(argument.lstrip(" \t")) if equals else None)
    return directives


def _seconds(directives: dict[str, str | None], name: str, *, invalid: int | None = None) -> int | None:
    """Read one directive's seconds; `invalid` is what a missing or malformed argument amounts to."""
    if name not in directives:
        return None
    argument = directives[name]
    if argument is None or not _DELTA_SECONDS.fullmatch(argument):
        return invalid
    digits = argument.lstrip("0") or "0"
    # int() takes quadratic time, and refuses very long arguments.
    return MAX_DELTA_SECONDS if len(digits) > _MAX_DIGITS else min(int(digits), MAX_DELTA_SECONDS)


def _max_stale(directives: dict[str, str | None]) -> int | None:
    """Read max-stale, whose argument may be left out to accept any staleness (RFC 9111 5.2.1.2)."""
    is_bare = directives.get("max-stale", "") is None
    return MAX_DELTA_SECONDS if is_bare else _seconds(directives, "max-stale")
