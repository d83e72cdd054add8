"""The Cache-Status field and the outcome of a request that it tells: RFC 9211."""

import re
from dataclasses import dataclass
from enum import Enum
from typing import Final
from urllib.parse import quote

_SF_TOKEN: Final = re.compile(r"[A-Za-z*][!#$%&'*+\-.^_`|~0-9A-Za-z:/]*")
_SF_STRING_CHARACTERS: Final = "".join(map(chr, range(0x20, 0x7F)))
_NOT_MODIFIED: Final = 304

OUTCOMES: Final = ("hit", "miss", "collapsed", "stale", "revalidated", "refetched", "bypass", "partial")
"""Every `CacheStatus.outcome`; a request has exactly one."""


class ForwardReason(Enum):
    """Why a request went forward: the values of `fwd` (RFC 9211 2.2)."""

    BYPASS = "bypass"
    METHOD = "method"
    URI_MISS = "uri-miss"
    VARY_MISS = "vary-miss"
    MISS = "miss"
    REQUEST = "request"
    STALE = "stale"
    PARTIAL = "partial"


# The two reasons that are not here had a stored response: what the origin said of it decides.
_OUTCOME_OF_REASON: Final = {
    ForwardReason.BYPASS: "bypass",
    ForwardReason.METHOD: "bypass",
    ForwardReason.URI_MISS: "miss",
    ForwardReason.VARY_MISS: "miss",
    ForwardReason.MISS: "miss",
    ForwardReason.PARTIAL: "partial",
}


@dataclass(frozen=True, slots=True)
class CacheStatus:
    """How the cache handled one request (RFC 9211 2): answered by it, or sent forward for a reason.

    `ttl` is in seconds, negative for a stale response; `forward_status` is the origin's status. Raises ValueError when
    it is both a hit and forwarded, or neither.
    """

    hit: bool = False
    forward: ForwardReason | None = None
    forward_status: int | None = None
    ttl: int | None = None
    stored: bool = False
    collapsed: bool = False
    key: str | None = None
    detail: str | None = None

    def __post_init__(self) -> None:
        if self.hit == (self.forward is not None):
            raise ValueError("a request is either a hit or forwarded for a reason")

    @property
    def outcome(self) -> str:
        """Name what happened in one word, one of `OUTCOMES`, for metrics and logs.

        Who waited for another request's forward is `collapsed`, whatever the reason of it. A reason of `request` counts
        like `stale`: there was a stored response, and the origin either confirmed it or sent another.
        """
        if self.ttl is not None and self.ttl < 0:
            return "stale"
        if self.forward is None:
            return "hit"
        if self.collapsed:
            return "collapsed"
        if self.forward in _OUTCOME_OF_REASON:
            return _OUTCOME_OF_REASON[self.forward]
        return "revalidated" if self.forward_status == _NOT_MODIFIED else "refetched"

    def render(self, cache_name: str = "s3-sidecar") -> str:
        """Write the field's value, one member of its list (RFC 9211 2), always ASCII."""
        parameters = (
            "hit" if self.hit else "",
            f"fwd={self.forward.value}" if self.forward else "",
            _parameter("fwd-status", self.forward_status),
            _parameter("ttl", self.ttl),
            "stored" if self.stored else "",
            "collapsed" if self.collapsed else "",
            "" if self.key is None else f"key={_string(self.key)}",
            "" if self.detail is None else f"detail={_token_or_string(self.detail)}",
        )
        return "; ".join((_token_or_string(cache_name), *filter(None, parameters)))


def _parameter(name: str, number: int | None) -> str:
    return "" if number is None else f"{name}={number}"


def _token_or_string(text: str) -> str:
    return text if _SF_TOKEN.fullmatch(text) else _string(text)


def _string(text: str) -> str:
    """Write an sf-string (RFC 8941 3.3.3); it holds printable ASCII only, so other characters are percent-encoded."""
    printable = quote(text, safe=_SF_STRING_CHARACTERS, errors="replace")
    escaped = printable.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
