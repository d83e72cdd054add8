"""Which buckets share what is stored of them."""

from dataclasses import replace

import pytest

from sidecar.cache.engine import Place
from sidecar.cache.key import CacheKey
from sidecar.origin.place import place_of
from sidecar.secret import Secret
from sidecar.settings import BucketSettings, load

STORE = "https://store.example"
SITE = load({"bucket": "site", "endpoint_url": STORE, "key": "one", "secret": "hush"}, {}).root.origin
OTHER_KEY = replace(SITE, key=Secret("two"))

# Two buckets of one server, and whether what is stored of the one may answer for the other.
PAIRS = {
    "the-same": (SITE, SITE, True),
    "other-folder": (SITE, replace(SITE, prefix="a/"), True),
    "other-patience": (SITE, replace(SITE, origin_idle_timeout=1.0), True),
    "other-certificates": (SITE, replace(SITE, addressing_style="virtual"), True),
    "other-bucket": (SITE, replace(SITE, bucket="other"), False),
    "other-store": (SITE, replace(SITE, endpoint_url="https://store2.example"), False),
    "other-region-of-aws": (
        replace(SITE, endpoint_url=None),
        replace(SITE, endpoint_url=None, region="eu-west-1"),
        False,
    ),
    "other-credentials": (SITE, OTHER_KEY, False),
    "credentials-and-the-default-chain": (SITE, replace(SITE, key=None, secret=None), False),
    "another-meaning-of-403": (SITE, replace(SITE, forbidden_is_missing=False), False),
}


def _digest(bucket: BucketSettings, *served: BucketSettings) -> str:
    place = place_of(bucket, served)
    return CacheKey(place.store, place.bucket, "a").digest


@pytest.mark.parametrize(("one", "other", "is_shared"), PAIRS.values(), ids=PAIRS)
def test_pair(one: BucketSettings, other: BucketSettings, *, is_shared: bool) -> None:
    """Only who asks for the same bucket in the same way is given what the other has stored."""
    assert (_digest(one, one, other) == _digest(other, one, other)) is is_shared
    assert (_digest(one, other, one) == _digest(other, other, one)) is is_shared


def test_one_way_is_not_named() -> None:
    """While a bucket is asked in one way only, what is stored outlives a change of its keys."""
    assert place_of(SITE, [SITE, replace(OTHER_KEY, bucket="other")]) == Place(STORE, "site")
    assert place_of(OTHER_KEY, [OTHER_KEY]) == Place(STORE, "site")


def test_several_ways_keep_their_names() -> None:
    """Whichever of two keys is the top level's: after they have changed places, each finds its own."""
    assert _digest(SITE, SITE, OTHER_KEY) == _digest(SITE, OTHER_KEY, SITE)
    third = replace(SITE, key=Secret("three"))
    assert _digest(SITE, SITE, OTHER_KEY) == _digest(SITE, SITE, OTHER_KEY, third)


def test_no_secret_is_part_of_a_place() -> None:
    """The access key ID names who asks; the secret is not in it."""
    assert "hush" not in str(place_of(SITE, [SITE, OTHER_KEY]))
