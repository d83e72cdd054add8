"""Whether a response may be stored, how long it is fresh, and whether it may be used. Pure; the time is an argument."""

from dataclasses import dataclass

from sidecar.cache.ports import OriginHead
from sidecar.cache.stored import StoredResponse
from sidecar.http.cache_control import CacheControl
from sidecar.http.cache_status import ForwardReason
from sidecar.http.dates import parse_http_date

KEPT_HEADERS = frozenset(
    {
        "cache-control",
        "content-disposition",
        "content-encoding",
        "content-language",
        "content-type",
        "etag",
        "expires",
        "last-modified",
    }
)
"""What of the bucket's answer describes the object, and not the store or the transfer."""


@dataclass(frozen=True, slots=True)
class Received:
    """When and in which epoch an answer came: instants in seconds since 1970."""

    requested_at: float
    received_at: float
    epoch: int
    identity: str


@dataclass(frozen=True, slots=True)
class Use:
    """The stored response answers the request."""


@dataclass(frozen=True, slots=True)
class Forward:
    """The bucket has to be asked."""

    reason: ForwardReason


Decision = Use | Forward


def decide(stored: StoredResponse | None, *, epoch: int, now: float) -> Decision:
    """What a request does with what is stored (RFC 9111 4)."""
    if stored is None:
        return Forward(ForwardReason.URI_MISS)
    if stored.epoch != epoch:
        return Forward(ForwardReason.MISS)
    if stored.ttl_at(now) <= 0:
        return Forward(ForwardReason.STALE)
    return Use()


def is_storable(head: OriginHead) -> bool:
    """Whether a shared cache may store this answer to a GET (RFC 9111 3)."""
    cache_control = CacheControl.parse(head.header("cache-control"))
    return not (cache_control.no_store or cache_control.private)


def freshness_lifetime(head: OriginHead, *, ttl: float, received_at: float) -> float:
    """Seconds for which a shared cache may use it (RFC 9111 4.2.1), `ttl` where the object says nothing."""
    cache_control = CacheControl.parse(head.header("cache-control"))
    if cache_control.no_cache or cache_control.no_store:
        return 0
    if cache_control.s_maxage is not None:
        return cache_control.s_maxage
    if cache_control.max_age is not None:
        return cache_control.max_age
    expires = head.header("expires")
    if expires is None:
        return ttl
    expires_at = parse_http_date(expires, now=received_at)
    # A date that does not parse, "0" above all, means already expired (RFC 9111 5.3).
    return 0 if expires_at is None else max(0, expires_at - _date_of(head, received_at))


def initial_age(head: OriginHead, *, requested_at: float, received_at: float) -> float:
    """Seconds of age at the moment it was received (RFC 9111 4.2.3)."""
    apparent_age = max(0.0, received_at - _date_of(head, received_at))
    age = head.header("age") or ""
    age_value = int(age[:10]) if age.isascii() and age.isdigit() else 0
    response_delay = max(0.0, received_at - requested_at)
    return max(apparent_age, age_value + response_delay)


def store_object(head: OriginHead, received: Received, *, ttl: float) -> StoredResponse:
    """The stored response for an object that is there."""
    return StoredResponse(
        status=200,
        headers=tuple((name, value) for name, value in head.headers if name in KEPT_HEADERS),
        content_length=head.content_length,
        etag=head.header("etag"),
        last_modified=parse_http_date(head.header("last-modified") or "", now=received.received_at),
        received_at=received.received_at,
        initial_age_seconds=initial_age(head, requested_at=received.requested_at, received_at=received.received_at),
        lifetime_seconds=freshness_lifetime(head, ttl=ttl, received_at=received.received_at),
        epoch=received.epoch,
        identity=received.identity,
    )


def store_missing(received: Received, *, ttl: float) -> StoredResponse:
    """The stored response for an object that is not there."""
    return StoredResponse(
        status=404,
        headers=(),
        content_length=0,
        etag=None,
        last_modified=None,
        received_at=received.received_at,
        initial_age_seconds=0.0,
        lifetime_seconds=ttl,
        epoch=received.epoch,
        identity=received.identity,
    )


def _date_of(head: OriginHead, received_at: float) -> float:
    date = parse_http_date(head.header("date") or "", now=received_at)
    return received_at if date is None else date
