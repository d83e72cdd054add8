"""Makes stored responses out of what the bucket said. Pure."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import accumulate

from sidecar.cache import freshness
from sidecar.cache.freshness import Limits
from sidecar.cache.ports import OriginHead
from sidecar.cache.stored import Headers, Kind, StoredResponse
from sidecar.http.dates import parse_http_date
from sidecar.http.encoding import without_transfer_codings
from sidecar.http.fields import is_field_value, is_token

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
        "x-amz-website-redirect-location",
    }
)
"""What of the bucket's answer describes the object, and not the store or the transfer."""

METADATA_PREFIX = "x-amz-meta-"
"""What the names of an object's own metadata begin with; it describes the object too."""

MAX_METADATA_BYTES = 2048
"""As much of it as S3 takes, names without prefix and values together; see UsingMetadata in the S3 User Guide."""

MAX_TAGS = 128
_FOREVER_SECONDS = 10.0 * 366 * 86_400
_TAG_HEADERS = ("surrogate-key", "x-amz-meta-surrogate-key")
_NOTHING = OriginHead(headers=(), content_length=0)


@dataclass(frozen=True, slots=True)
class Received:
    """When an answer came, instants in seconds since 1970, and the state of the cache when it was asked for."""

    requested_at: float
    received_at: float
    epoch: int
    purge_count: int
    identity: str


def store_object(head: OriginHead, received: Received, limits: Limits) -> StoredResponse:
    """The stored response for an object that is there; one of kind UNSTORABLE when it may not be stored."""
    kind = Kind.OBJECT if freshness.is_storable(head, limits) else Kind.UNSTORABLE
    return _store(kind, head, received, limits)


def store_sliced(stored: StoredResponse) -> StoredResponse:
    """The stored response for a large object whose parts are stored."""
    return replace(stored, kind=Kind.SLICED)


def store_slice(head: OriginHead, received: Received, limits: Limits) -> StoredResponse:
    """The stored response for a part of one version of an object: a version does not age, so neither does it."""
    return _ageless(_store(Kind.OBJECT, head, received, limits))


def store_variant(head: OriginHead, received: Received, limits: Limits) -> StoredResponse:
    """The stored response for a variant of one version of an object, of kind UNCODED when it has no coding."""
    kind = Kind.UNCODED if head.header("content-encoding") is None else Kind.OBJECT
    return _ageless(_store(kind, head, received, limits))


def store_missing(received: Received, limits: Limits) -> StoredResponse:
    """The stored response for an object that is not there."""
    stored = _store(Kind.MISSING, _NOTHING, received, limits)
    return replace(stored, initial_age_seconds=0.0, lifetime_seconds=limits.negative_ttl)


def pass_on(stored: StoredResponse) -> StoredResponse:
    """The response for an object that could be stored, but for which there is no room."""
    return replace(stored, kind=Kind.UNSTORABLE)


def remember_unstorable(stored: StoredResponse, seconds: float) -> StoredResponse:
    """What is kept of an object that is passed on: that it is, for a while."""
    return replace(stored, headers=(), content_length=0, initial_age_seconds=0.0, lifetime_seconds=seconds)


def freshen(stored: StoredResponse, head: OriginHead, received: Received, limits: Limits) -> StoredResponse:
    """The stored response after a 304: its body, with the headers that came anew (RFC 9111 3.2, 4.3.4)."""
    came = {name: value for name, value in _kept(head) if name != "content-type"}
    # A store that repeats no Cache-Control in a 304 has not taken it back.
    merged = {**dict(stored.headers), **came, **dict(_timeless(head))}
    merged_head = OriginHead(headers=tuple(merged.items()), content_length=stored.content_length)
    fresh = _store(stored.kind, merged_head, replace(received, identity=stored.identity), limits)
    return replace(fresh, etag=stored.etag, last_modified=stored.last_modified, tags=fresh.tags or stored.tags)


def _store(kind: Kind, head: OriginHead, received: Received, limits: Limits) -> StoredResponse:
    received_at, kept = received.received_at, _kept(head)
    return StoredResponse(
        kind=kind,
        headers=kept,
        content_length=head.content_length,
        etag=dict(kept).get("etag"),
        last_modified=parse_http_date(head.header("last-modified") or "", now=received_at),
        received_at=received_at,
        initial_age_seconds=freshness.initial_age(head, requested_at=received.requested_at, received_at=received_at),
        lifetime_seconds=freshness.lifetime(head, limits, received_at=received_at),
        stale_while_revalidate_seconds=freshness.stale_while_revalidate(head, limits),
        stale_if_error_seconds=freshness.stale_if_error(head, limits),
        tags=_tags(head),
        epoch=received.epoch,
        purge_count=received.purge_count,
        identity=received.identity,
    )


def _kept(head: OriginHead) -> Headers:
    """The headers that describe the object, as far as they can be sent to anybody, and metadata up to its bound."""
    sendable = [(name, value) for name, value in _told(head) if is_token(name) and is_field_value(value)]
    metadata = [(name, value) for name, value in sendable if name.startswith(METADATA_PREFIX)]
    sizes = accumulate(len(f"{name}{value}".encode()) - len(METADATA_PREFIX) for name, value in metadata)
    fitting = {name for (name, _), size in zip(metadata, sizes, strict=True) if size <= MAX_METADATA_BYTES}
    return tuple((name, value) for name, value in sendable if name in KEPT_HEADERS or name in fitting)


def _told(head: OriginHead) -> Iterator[tuple[str, str]]:
    """The headers, without codings that tell only how the object was uploaded."""
    for name, value in head.headers:
        told = without_transfer_codings(value) if name == "content-encoding" else value
        if told or name != "content-encoding":
            yield name, told


def _ageless(stored: StoredResponse) -> StoredResponse:
    return replace(stored, initial_age_seconds=0.0, lifetime_seconds=_FOREVER_SECONDS)


def _timeless(head: OriginHead) -> Headers:
    """The headers of a 304 that are about the answer and not about the object."""
    return tuple((name, value) for name, value in head.headers if name in {"date", "age", *_TAG_HEADERS})


def _tags(head: OriginHead) -> tuple[str, ...]:
    """The object's surrogate keys, separated by spaces, in the store's metadata or a header of that name."""
    values = (head.header(name) or "" for name in _TAG_HEADERS)
    return tuple(dict.fromkeys(tag for value in values for tag in value.split()))[:MAX_TAGS]
