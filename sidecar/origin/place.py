"""What of the cache belongs to a bucket, when several are served. Pure."""

from collections.abc import Iterable
from typing import TYPE_CHECKING

from sidecar.cache.engine import Place

if TYPE_CHECKING:
    from sidecar.settings.bucket import BucketSettings


def place_of(bucket: "BucketSettings", served: Iterable["BucketSettings"]) -> Place:
    """The place of a bucket among all that are served.

    What is stored of a bucket is shared by all who ask for it in the same way. Where credentials differ, none of them
    may read what another one was given: each has a place of its own then, named by its access key ID. While there is
    only one way it is not named, so that what is stored outlives a change of keys.
    """
    store, way = _store(bucket), _way(bucket)
    ways = {_way(other) for other in served if (_store(other), other.bucket) == (store, bucket.bucket)}
    # An address never has an @: a name before it cannot be taken for a part of one.
    return Place(f"{way}@{store}" if ways - {way} else store, bucket.bucket)


def _store(bucket: "BucketSettings") -> str:
    return bucket.endpoint_url or bucket.region


def _way(bucket: "BucketSettings") -> str:
    """As whom the bucket is asked, and what its refusals are taken for: both decide what is stored."""
    access_key_id = bucket.key.reveal() if bucket.key else ""
    return access_key_id if bucket.forbidden_is_missing else f"{access_key_id}!"
