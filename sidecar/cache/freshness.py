"""How long a response is fresh, and for how long after that it may still serve. Pure; the time is an argument."""

import math
from dataclasses import dataclass

from sidecar.cache.ports import OriginHead
from sidecar.http.cache_control import CacheControl
from sidecar.http.dates import parse_http_date


@dataclass(frozen=True, slots=True)
class Limits:
    """What the operator decided about storing; spans in seconds, sizes in bytes.

    With `is_ttl_final` the TTL wins over what the object says of its own freshness.
    """

    ttl: float = 300
    negative_ttl: float = 300
    stale_while_revalidate: float = 30
    stale_if_error: float = 86_400
    is_ttl_final: bool = False
    max_object_bytes: float = math.inf
    slice_bytes: int = 8 * 1024 * 1024
    slice_threshold_bytes: float = math.inf


def is_storable(head: OriginHead, limits: Limits) -> bool:
    """Whether a shared cache may store this answer to a GET (RFC 9111 3), and the operator wants it to."""
    cache_control = _cache_control(head)
    is_forbidden = cache_control.no_store or cache_control.private
    return not is_forbidden and head.content_length <= limits.max_object_bytes


def lifetime(head: OriginHead, limits: Limits, *, received_at: float) -> float:
    """Seconds for which a shared cache may use it (RFC 9111 4.2.1), the TTL where the object says nothing."""
    cache_control = _cache_control(head)
    if cache_control.no_store or limits.is_ttl_final:
        return 0 if cache_control.no_store else limits.ttl
    if cache_control.no_cache:
        return 0
    if cache_control.s_maxage is not None:
        return cache_control.s_maxage
    if cache_control.max_age is not None:
        return cache_control.max_age
    return _until_expires(head, limits, received_at)


def initial_age(head: OriginHead, *, requested_at: float, received_at: float) -> float:
    """Seconds of age at the moment it was received (RFC 9111 4.2.3)."""
    apparent_age = max(0.0, received_at - _date(head, received_at))
    age = head.header("age") or ""
    age_value = int(age[:10]) if age.isascii() and age.isdigit() else 0
    response_delay = max(0.0, received_at - requested_at)
    return max(apparent_age, age_value + response_delay)


def stale_while_revalidate(head: OriginHead, limits: Limits) -> float:
    """Seconds after its freshness in which it may be served while it is being revalidated (RFC 5861 3)."""
    cache_control = _cache_control(head)
    own = cache_control.stale_while_revalidate
    return 0 if _must_revalidate(cache_control) else _first(own, limits.stale_while_revalidate)


def stale_if_error(head: OriginHead, limits: Limits) -> float:
    """Seconds after its freshness in which it may be served when the bucket fails (RFC 5861 4)."""
    cache_control = _cache_control(head)
    return 0 if _must_revalidate(cache_control) else _first(cache_control.stale_if_error, limits.stale_if_error)


def _must_revalidate(cache_control: CacheControl) -> bool:
    """Whether it must never be used stale by a shared cache (RFC 9111 4.2.4; 5.2.2.10 for s-maxage)."""
    is_bound = cache_control.must_revalidate or cache_control.proxy_revalidate or cache_control.no_cache
    return is_bound or cache_control.s_maxage is not None


def _until_expires(head: OriginHead, limits: Limits, received_at: float) -> float:
    expires = head.header("expires")
    if expires is None:
        return limits.ttl
    expires_at = parse_http_date(expires, now=received_at)
    # A date that does not parse, "0" above all, means already expired (RFC 9111 5.3).
    return 0 if expires_at is None else max(0.0, expires_at - _date(head, received_at))


def _date(head: OriginHead, received_at: float) -> float:
    date = parse_http_date(head.header("date") or "", now=received_at)
    return received_at if date is None else date


def _cache_control(head: OriginHead) -> CacheControl:
    return CacheControl.parse(head.header("cache-control"))


def _first(own: int | None, default: float) -> float:
    return default if own is None else own
