"""What a stored response is found by."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sidecar.cache.key import CacheKey, Slice, Variant

_names = st.text(st.characters(exclude_characters="\0", codec="utf-8"), max_size=20)
_keys = st.builds(CacheKey, _names, _names, st.text(st.characters(codec="utf-8"), max_size=20))

KEY = CacheKey("s", "b", "k")
VARIANT = Variant("br", '"a"', "1")


def test_the_digest_never_changes() -> None:
    """What an earlier version stored is found again: SHA-256 of the three parts, a NUL between them."""
    key = CacheKey("https://s3.example", "site", "css/ä b.css")
    assert key.digest == "8ee39a554324851be18aac3b6d51a25175409a7b41281ae6d65f7f0120c20151"


@given(_keys)
def test_the_digest_names_a_file(key: CacheKey) -> None:
    """Whatever the key is made of."""
    assert re.fullmatch("[0-9a-f]{64}", key.digest)


@pytest.mark.parametrize(
    "other",
    [
        KEY,
        KEY.of_variant(Variant("gzip", '"a"', "1")),
        KEY.of_variant(Variant("br", '"b"', "1")),
        KEY.of_variant(Variant("br", '"a"', "2")),
        KEY.of_variant(Variant("br", "", '1\0"a"')),
        KEY.of_slice(Slice('"a"', 0, 1)),
        CacheKey("s", "b", "k2").of_variant(VARIANT),
    ],
    ids=["the-object", "coding", "version", "recipe", "parts-do-not-run-together", "slice", "another-object"],
)
def test_a_variant_is_told_apart(other: CacheKey) -> None:
    """From the object, from its slices, and from every other variant."""
    assert KEY.of_variant(VARIANT).digest != other.digest


def test_what_is_of_one_version() -> None:
    """Slices and variants have another key for another version; the object has not."""
    found = [KEY, KEY.of_slice(Slice('"a"', 0, 1)), KEY.of_variant(VARIANT)]
    assert [key.is_of_one_version for key in found] == [False, True, True]


def test_a_variant_belongs_to_its_object() -> None:
    """A purge of the object key names it."""
    assert KEY.of_variant(VARIANT).object_key == KEY.object_key


@given(_keys, _keys)
def test_keys_are_told_apart(one: CacheKey, other: CacheKey) -> None:
    """Equal digests mean equal store, bucket and object."""
    assert (one.digest == other.digest) == (one == other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (CacheKey("s", "b", "k"), CacheKey("s", "bk", "")),
        (CacheKey("s", "b", "k"), CacheKey("sb", "", "k")),
        (CacheKey("s", "b", "a//b"), CacheKey("s", "b", "a/b")),
        (CacheKey("s", "b", "K"), CacheKey("s", "b", "k")),
        (CacheKey("s", "b", "e\u0301"), CacheKey("s", "b", "\u00e9")),
    ],
    ids=["parts-do-not-run-together", "nor-these", "slashes-count", "case-counts", "unicode-is-not-normalised"],
)
def test_near_keys_are_other_keys(one: CacheKey, other: CacheKey) -> None:
    """S3 compares bytes."""
    assert one.digest != other.digest


def test_a_key_can_be_looked_up() -> None:
    """Equal keys are one key of a dictionary."""
    assert {CacheKey("s", "b", "k"): 1}[CacheKey("s", "b", "k")] == 1
