"""What the metadata of a representation say: RFC 9110 8.8 and 12.5.5."""

import pytest
from unit.cache.responses import a_response

from sidecar.cache.key import Variant
from sidecar.cache.representation import of_companion, of_many, of_variant, version_of

BR = Variant("br", '"a"', "1a2b3c4d")
UNDONE = Variant("identity", '"a"', "gzip")

TAGS = {
    "rfc9110-8.8.1-strong": ('"a"', BR, '"a-br-1a2b3c4d"'),
    "rfc9110-8.8.1-weak-stays-weak": ('W/"a"', BR, 'W/"a-br-1a2b3c4d"'),
    "rfc9110-8.8.3-empty": ('""', BR, '"-br-1a2b3c4d"'),
    "rfc9110-8.8.3-none": (None, BR, None),
    "rfc9110-8.8.3-malformed": ("a", BR, None),
    "coding-undone": ('"a"', UNDONE, '"a-identity-gzip"'),
}

VERSIONS = {"strong": ('"a"', '"a"'), "weak": ('W/"a"', "0123456789abcdef"), "none": (None, "0123456789abcdef")}


@pytest.mark.parametrize(("etag", "variant", "expected"), TAGS.values(), ids=TAGS)
def test_the_tag_of_a_variant(etag: str | None, variant: Variant, expected: str | None) -> None:
    """Each representation has its own, in the field and in the metadata."""
    headers = () if etag is None else (("etag", etag),)
    represented = of_variant(a_response(etag=etag, headers=headers), variant, 5)
    assert (represented.etag, represented.header("etag")) == (expected, expected)


def test_a_variant_is_the_original_but_for_its_coding() -> None:
    """Media type, dates, freshness and tags are the original's; length, coding and ETag are its own."""
    headers = (("content-type", "text/css"), ("etag", '"a"'), ("last-modified", "yesterday"), ("expires", "0"))
    original = a_response(headers=headers, tags=("t",), lifetime_seconds=77.0)
    represented = of_variant(original, BR, 5)
    assert dict(represented.headers) == {
        "content-type": "text/css",
        "last-modified": "yesterday",
        "expires": "0",
        "content-encoding": "br",
        "etag": '"a-br-1a2b3c4d"',
    }
    assert (represented.content_length, represented.lifetime_seconds, represented.tags) == (5, 77.0, ("t",))
    assert represented.last_modified == original.last_modified
    assert len(represented.headers) == 5


def test_a_variant_without_coding_says_none() -> None:
    """What was undone is not mentioned."""
    original = a_response(headers=(("content-encoding", "gzip"), ("etag", '"a"')))
    assert of_variant(original, UNDONE, 50).headers == (("etag", '"a-identity-gzip"'),)


def test_a_companion_brings_its_validators() -> None:
    """And its length; all else is the original's."""
    original = a_response(
        headers=(("content-type", "text/css"), ("cache-control", "max-age=5"), ("etag", '"a"'), ("last-modified", "1")),
        lifetime_seconds=5.0,
    )
    companion = a_response(
        headers=(("content-type", "application/gzip"), ("etag", '"b"'), ("last-modified", "2")),
        content_length=4,
        etag='"b"',
        last_modified=2,
        lifetime_seconds=600.0,
    )
    represented = of_companion(original, companion, "gzip")
    assert dict(represented.headers) == {
        "content-type": "text/css",
        "cache-control": "max-age=5",
        "content-encoding": "gzip",
        "etag": '"b"',
        "last-modified": "2",
    }
    assert (represented.content_length, represented.etag, represented.last_modified) == (4, '"b"', 2)
    assert represented.lifetime_seconds == 5.0


def test_a_companion_without_validators_has_none() -> None:
    """Those of the original name other bytes."""
    represented = of_companion(a_response(), a_response(headers=(), etag=None, last_modified=None), "gzip")
    assert (represented.etag, represented.last_modified, represented.header("etag")) == (None, None, None)


def test_one_of_many_says_so() -> None:
    """To every cache on the way."""
    assert of_many(a_response()).header("vary") == "accept-encoding"


@pytest.mark.parametrize(("etag", "expected"), VERSIONS.values(), ids=VERSIONS)
def test_version(etag: str | None, expected: str) -> None:
    """A strong ETag names bytes; a weak one may name two bodies, so the fill does."""
    assert version_of(a_response(etag=etag)) == expected
