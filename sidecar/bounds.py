"""What the settings come to for the cache."""

from sidecar.cache.eviction import Bounds
from sidecar.cache.freshness import Limits
from sidecar.cache.negotiation import CodingRules
from sidecar.http.encoding import CODINGS
from sidecar.settings import Settings


def limits_of(settings: Settings) -> Limits:
    """For how long, and up to which size, what is kept."""
    return Limits(
        ttl=settings.ttl,
        negative_ttl=settings.ttl if settings.negative_ttl is None else settings.negative_ttl,
        stale_while_revalidate=settings.stale_while_revalidate,
        stale_if_error=settings.stale_if_error,
        is_ttl_final=settings.ttl_override,
        max_object_bytes=settings.max_object_size,
        slice_bytes=settings.slice_size,
        slice_threshold_bytes=settings.slice_threshold,
    )


def coding_of(settings: Settings) -> CodingRules:
    """What is compressed."""
    return CodingRules(
        offered=settings.compress,
        looked_for=(settings.compress or CODINGS) if settings.precompressed else (),
        min_bytes=settings.compress_min_size,
        max_bytes=settings.compress_max_size,
    )


def bounds_of(settings: Settings) -> Bounds:
    """What the cache may take of the disk."""
    assert settings.cache_max_size is not None  # noqa: S101 - `prepare` has decided it
    return Bounds(settings.cache_max_size, settings.cache_max_entries, settings.cache_min_free)
