"""What may be stored, for how long, and what is used: from RFC 9111 3 and 4."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from unit.cache.responses import a_response, stored_responses

from sidecar.cache.policy import (
    KEPT_HEADERS,
    Decision,
    Forward,
    Received,
    Use,
    decide,
    freshness_lifetime,
    initial_age,
    is_storable,
    store_missing,
    store_object,
)
from sidecar.cache.ports import OriginHead
from sidecar.cache.stored import StoredResponse
from sidecar.http.cache_status import ForwardReason
from sidecar.http.dates import format_http_date

NOW = 1_780_000_000.0
DATE = format_http_date(NOW)
EARLIER = format_http_date(NOW - 10)
LATER = format_http_date(NOW + 90)
TTL = 60.0
RECEIVED = Received(requested_at=NOW - 2, received_at=NOW, epoch=7, identity="0123456789abcdef")

URI_MISS, MISS, STALE = Forward(ForwardReason.URI_MISS), Forward(ForwardReason.MISS), Forward(ForwardReason.STALE)

DECISIONS = {
    "rfc9111-4-nothing-stored": (None, 7, NOW, URI_MISS),
    "rfc9111-4-fresh": (a_response(), 7, NOW, Use()),
    "rfc9111-4-fresh-until-the-end": (a_response(), 7, NOW + 59.999, Use()),
    "rfc9111-4.2-lifetime-must-be-greater-than-age": (a_response(), 7, NOW + 60, STALE),
    "rfc9111-4.2-stale": (a_response(), 7, NOW + 61, STALE),
    "rfc9111-4.2.3-aged-before-it-came": (a_response(initial_age_seconds=30.0), 7, NOW + 30, STALE),
    "rfc9111-4.2.1-no-lifetime": (a_response(lifetime_seconds=0), 7, NOW, STALE),
    "rfc9111-4.2.3-clock-set-back": (a_response(), 7, NOW - 3600, Use()),
    "rfc9111-4.4-cleared": (a_response(), 8, NOW, MISS),
    "rfc9111-4.4-cleared-and-stale": (a_response(), 8, NOW + 61, MISS),
    "rfc9111-4-missing-is-used-too": (a_response(status=404), 7, NOW, Use()),
}

STORABLE = {
    "rfc9111-3-nothing-said": (None, True),
    "rfc9111-3-public": ("public, max-age=1", True),
    "rfc9111-5.2.2.5-no-store": ("no-store", False),
    "rfc9111-5.2.2.5-no-store-among-others": ("max-age=60, No-Store", False),
    "rfc9111-5.2.2.7-private": ("private", False),
    "rfc9111-5.2.2.7-private-with-fields": ('private="set-cookie", max-age=60', False),
    "rfc9111-5.2.2.4-no-cache-may-be-stored": ("no-cache", True),
    "rfc9111-5.2.3-unknown-directive": ("no-store-please", True),
    "rfc9111-5.2-quoted-text-is-no-directive": ('x="no-store"', True),
    "rfc9111-5.2.2.2-must-revalidate": ("must-revalidate", True),
}

LIFETIMES = {
    "rfc9111-4.2.2-nothing-said-gives-the-ttl": ({}, 60),
    "rfc9111-4.2.1-s-maxage-wins": ({"cache-control": "max-age=5, s-maxage=9", "expires": LATER}, 9),
    "rfc9111-4.2.1-s-maxage-zero-wins": ({"cache-control": "max-age=5, s-maxage=0"}, 0),
    "rfc9111-4.2.1-max-age-before-expires": ({"cache-control": "max-age=5", "expires": LATER}, 5),
    "rfc9111-4.2.1-max-age-zero": ({"cache-control": "max-age=0"}, 0),
    "rfc9111-4.2.1-invalid-max-age-is-stale": ({"cache-control": "max-age=soon"}, 0),
    "rfc9111-4.2.1-first-of-two-max-ages": ({"cache-control": "max-age=5, max-age=9"}, 5),
    "rfc9111-5.2.2.4-no-cache-is-never-fresh": ({"cache-control": "no-cache, max-age=5"}, 0),
    "rfc9111-5.2.2.5-no-store-is-never-fresh": ({"cache-control": "no-store, s-maxage=5"}, 0),
    "rfc9111-5.2.2.9-public-alone-says-nothing": ({"cache-control": "public"}, 60),
    "rfc9111-5.3-expires-less-date": ({"expires": LATER, "date": DATE}, 90),
    "rfc9111-5.3-expires-less-an-earlier-date": ({"expires": LATER, "date": EARLIER}, 100),
    "rfc9111-5.3-expires-without-date": ({"expires": LATER}, 90),
    "rfc9111-5.3-expires-with-invalid-date": ({"expires": LATER, "date": "today"}, 90),
    "rfc9111-5.3-expired": ({"expires": EARLIER, "date": DATE}, 0),
    "rfc9111-5.3-expires-zero": ({"expires": "0"}, 0),
    "rfc9111-5.3-expires-empty": ({"expires": ""}, 0),
    "rfc9111-5.3-expires-is-date": ({"expires": DATE, "date": DATE}, 0),
    "rfc9111-5.3-max-age-and-invalid-expires": ({"cache-control": "max-age=5", "expires": "0"}, 5),
    "rfc9111-1.2.2-too-large": ({"cache-control": "max-age=99999999999999999999"}, 2**31),
}

AGES = {
    "rfc9111-4.2.3-nothing-said-is-the-delay": ({}, 2),
    "rfc9111-4.2.3-made-just-now": ({"date": DATE}, 2),
    "rfc9111-4.2.3-apparent-age": ({"date": EARLIER}, 10),
    "rfc9111-4.2.3-date-in-the-future": ({"date": LATER}, 2),
    "rfc9111-4.2.3-invalid-date": ({"date": "today"}, 2),
    "rfc9111-4.2.3-age-and-delay": ({"age": "5"}, 7),
    "rfc9111-4.2.3-greater-of-both-age": ({"age": "20", "date": EARLIER}, 22),
    "rfc9111-4.2.3-greater-of-both-date": ({"age": "5", "date": EARLIER}, 10),
    "rfc9111-5.1-negative-age-is-ignored": ({"age": "-5"}, 2),
    "rfc9111-5.1-invalid-age-is-ignored": ({"age": "old"}, 2),
    "rfc9111-5.1-age-in-other-digits-is-ignored": ({"age": "\u0665"}, 2),
    "rfc9111-1.2.2-age-that-int-refuses": ({"age": "9" * 5000}, 9_999_999_999 + 2),
}

NOT_OF_THE_OBJECT = [
    "accept-ranges",
    "connection",
    "content-length",
    "date",
    "server",
    "set-cookie",
    "x-amz-request-id",
]

_values = st.text(max_size=30) | st.sampled_from([DATE, LATER, "max-age=5", "no-cache", "0"])
_heads = st.builds(
    OriginHead,
    headers=st.dictionaries(
        st.sampled_from(["age", "cache-control", "date", "etag", "expires", "last-modified"]), _values
    ).map(lambda fields: tuple(fields.items())),
    content_length=st.integers(0, 2**50),
)
_instants = st.floats(0, 2**33)


def head(fields: dict[str, str]) -> OriginHead:
    """The start of an answer."""
    return OriginHead(tuple(fields.items()), 10)


@pytest.mark.parametrize(("stored", "epoch", "now", "expected"), DECISIONS.values(), ids=DECISIONS)
def test_decide(stored: StoredResponse | None, epoch: int, now: float, expected: Decision) -> None:
    """A stored response is used while it is fresh and of this epoch."""
    assert decide(stored, epoch=epoch, now=now) == expected


@pytest.mark.parametrize(("cache_control", "expected"), STORABLE.values(), ids=STORABLE)
def test_is_storable(cache_control: str | None, expected: bool) -> None:
    """A shared cache stores what does not forbid it."""
    fields = {} if cache_control is None else {"cache-control": cache_control}
    assert is_storable(head(fields)) is expected


@pytest.mark.parametrize(("fields", "expected"), LIFETIMES.values(), ids=LIFETIMES)
def test_freshness_lifetime(fields: dict[str, str], expected: float) -> None:
    """What the object says goes before what the operator set."""
    assert freshness_lifetime(head(fields), ttl=TTL, received_at=NOW) == expected


@pytest.mark.parametrize(("fields", "expected"), AGES.values(), ids=AGES)
def test_initial_age(fields: dict[str, str], expected: float) -> None:
    """Age counts from when the bucket made the answer, and never too little."""
    assert initial_age(head(fields), requested_at=NOW - 2, received_at=NOW) == expected


def test_a_clock_set_back_during_the_request_makes_no_negative_age() -> None:
    """The delay is not negative (RFC 9111 4.2.3)."""
    assert initial_age(head({}), requested_at=NOW + 5, received_at=NOW) == 0


def test_an_object_keeps_what_describes_it() -> None:
    """Headers of the store and of the transfer are left out (RFC 9111 3.1)."""
    described = {name: f"value of {name}" for name in KEPT_HEADERS}
    others = dict.fromkeys(NOT_OF_THE_OBJECT, "1")
    stored = store_object(head({**others, **described}), RECEIVED, ttl=TTL)
    assert dict(stored.headers) == described


def test_an_object_is_stored_with_its_validators() -> None:
    """Length, entity-tag and modification date are ready for use."""
    stored = store_object(head({"etag": '"a"', "last-modified": DATE}), RECEIVED, ttl=TTL)
    assert (stored.status, stored.content_length, stored.etag, stored.last_modified) == (200, 10, '"a"', NOW)
    assert (stored.received_at, stored.epoch, stored.identity) == (NOW, RECEIVED.epoch, RECEIVED.identity)


def test_an_object_may_have_no_validators() -> None:
    """Absent and invalid ones are None."""
    stored = store_object(head({"last-modified": "yesterday"}), RECEIVED, ttl=TTL)
    assert (stored.etag, stored.last_modified) == (None, None)


def test_a_missing_object_is_remembered_for_the_ttl() -> None:
    """An answer that says nothing of its freshness has the operator's."""
    stored = store_missing(RECEIVED, ttl=TTL)
    assert (stored.status, stored.headers, stored.content_length) == (404, (), 0)
    assert decide(stored, epoch=7, now=NOW + 59) == Use()
    assert decide(stored, epoch=7, now=NOW + 60) == STALE


@given(_heads, _instants, _instants)
def test_any_head_can_be_stored(said: OriginHead, requested_at: float, received_at: float) -> None:
    """Whatever a bucket says, age and lifetime are never negative, and nothing is raised."""
    stored = store_object(said, Received(requested_at, received_at, 7, ""), ttl=TTL)
    assert stored.initial_age_seconds >= 0
    assert stored.lifetime_seconds >= 0
    assert set(dict(stored.headers)) <= KEPT_HEADERS


@given(stored_responses, _instants, _instants)
def test_what_is_stale_stays_stale(stored: StoredResponse, now: float, seconds: float) -> None:
    """No passing of time makes a response usable again."""
    if decide(stored, epoch=stored.epoch, now=now) == STALE:
        assert decide(stored, epoch=stored.epoch, now=now + seconds) == STALE


@given(stored_responses, _instants)
def test_another_epoch_is_never_used(stored: StoredResponse, now: float) -> None:
    """However fresh it is."""
    assert decide(stored, epoch=stored.epoch + 1, now=now) == MISS
