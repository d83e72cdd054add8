"""What a request does with what is stored (RFC 9111 4). Pure; the time is an argument."""

from dataclasses import dataclass
from enum import Enum, auto

from sidecar.cache.stored import Kind, StoredResponse
from sidecar.http.cache_control import CacheControl
from sidecar.http.cache_status import ForwardReason


class Standing(Enum):
    """Where a stored response stands, apart from its age."""

    CURRENT = auto()
    """Nothing happened to it."""
    SOFTLY_PURGED = auto()
    """An operator has made it stale."""
    EARLIER_RUN = auto()
    """It was stored before the server was started: stale, and good for a revalidation."""
    GONE = auto()
    """It was cleared or purged, and must not be used in any way."""


@dataclass(frozen=True, slots=True)
class Use:
    """The stored response answers; when it is stale, the bucket is asked behind the client's back."""

    is_stale: bool = False


@dataclass(frozen=True, slots=True)
class Pass:
    """The bucket has to be asked for this request alone: its answer may not be stored."""


@dataclass(frozen=True, slots=True)
class Forward:
    """The bucket has to be asked; `has_fallback` when the stored response may serve if that fails."""

    reason: ForwardReason
    has_fallback: bool = False


Decision = Use | Pass | Forward

NO_DIRECTIVES = CacheControl.parse(None)


def decide(
    stored: StoredResponse | None, standing: Standing, *, now: float, asked: CacheControl = NO_DIRECTIVES
) -> Decision:
    """What to do, where `asked` are the request's directives that count (RFC 9111 5.2.1)."""
    if stored is None:
        return Forward(ForwardReason.URI_MISS)
    if standing is Standing.GONE:
        return Forward(ForwardReason.MISS)
    if asked.no_store:
        return Pass()
    is_fresh = standing is Standing.CURRENT and stored.ttl_at(now) > 0
    if is_fresh and not _is_too_old(stored, now, asked):
        return Pass() if stored.kind is Kind.UNSTORABLE else Use()
    if not (stored.has_body or stored.is_sliced):
        return Forward(ForwardReason.REQUEST if is_fresh else ForwardReason.STALE)
    return _decide_stale(stored, standing, now, is_fresh=is_fresh)


def may_fill(stored: StoredResponse, standing: Standing, *, now: float, wants_whole: bool) -> bool:
    """Whether a fill that finds this need not ask the bucket."""
    is_enough = not (wants_whole and stored.is_sliced)
    return is_enough and standing is Standing.CURRENT and stored.ttl_at(now) > 0


def _decide_stale(stored: StoredResponse, standing: Standing, now: float, *, is_fresh: bool) -> Decision:
    if is_fresh:
        return Forward(ForwardReason.REQUEST, has_fallback=True)
    # How long ago an operator or a restart has made it stale is not kept: its own spans count from its own end.
    staleness = max(0.0, -stored.ttl_at(now))
    is_trusted = standing is not Standing.EARLIER_RUN
    if is_trusted and staleness < stored.stale_while_revalidate_seconds:
        return Use(is_stale=True)
    return Forward(ForwardReason.STALE, has_fallback=staleness < stored.stale_if_error_seconds)


def _is_too_old(stored: StoredResponse, now: float, asked: CacheControl) -> bool:
    """Whether the request wants something younger (RFC 9111 5.2.1.1, 5.2.1.3, 5.2.1.4)."""
    is_over_age = asked.max_age is not None and stored.age_at(now) > asked.max_age
    is_ending = asked.min_fresh is not None and stored.ttl_at(now) < asked.min_fresh
    return asked.no_cache or is_over_age or is_ending
