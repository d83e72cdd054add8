"""The representations of one version of an object: what their metadata says. Pure.

A variant does not age. All that changes with time, its freshness and the headers a 304 brings, is the original's.
"""

from dataclasses import replace

from sidecar.cache.key import Variant
from sidecar.cache.stored import Headers, StoredResponse
from sidecar.http.encoding import IDENTITY
from sidecar.http.entity_tag import EntityTag

_VARY = ("vary", "accept-encoding")


def version_of(original: StoredResponse) -> str:
    """What names the bytes of a body: a strong ETag, else the fill that has fetched them."""
    return original.etag if original.etag is not None and original.has_strong_etag else original.identity


def of_variant(original: StoredResponse, variant: Variant, content_length: int) -> StoredResponse:
    """The original in another coding, of so many bytes.

    Its ETag says coding and recipe: a strong one names bytes, and those of two libraries differ (RFC 9110 8.8.1).
    """
    tag = EntityTag.parse(original.etag or "")
    suffix = f"{variant.coding}-{variant.recipe}" if variant.recipe else variant.coding
    etag = None if tag is None else tag.with_suffix(suffix)
    changes = {"content-encoding": None if variant.coding == IDENTITY else variant.coding, "etag": etag}
    return replace(original, headers=_changed(original, changes), content_length=content_length, etag=etag)


def of_companion(original: StoredResponse, companion: StoredResponse, coding: str) -> StoredResponse:
    """The original, as another object of the bucket holds it in a coding; validators are that object's own."""
    changes = {"content-encoding": coding, "etag": companion.etag, "last-modified": companion.header("last-modified")}
    return replace(
        original,
        headers=_changed(original, changes),
        content_length=companion.content_length,
        etag=companion.etag,
        last_modified=companion.last_modified,
    )


def of_many(stored: StoredResponse) -> StoredResponse:
    """The same, saying that another Accept-Encoding may be answered otherwise (RFC 9110 12.5.5)."""
    return replace(stored, headers=(*stored.headers, _VARY))


def _changed(original: StoredResponse, changes: dict[str, str | None]) -> Headers:
    kept = tuple(header for header in original.headers if header[0] not in changes)
    return kept + tuple((name, value) for name, value in changes.items() if value is not None)
