"""What may be stored, for how long it is fresh, and how long after that it may serve: RFC 9111 3 to 5, RFC 5861."""

from dataclasses import replace

import pytest

from sidecar.cache.freshness import (
    Limits,
    initial_age,
    is_storable,
    lifetime,
    stale_if_error,
    stale_while_revalidate,
)
from sidecar.cache.ports import OriginHead
from sidecar.http.dates import format_http_date

NOW = 1_780_000_000.0
DATE = format_http_date(NOW)
EARLIER = format_http_date(NOW - 10)
LATER = format_http_date(NOW + 90)
LIMITS = Limits(ttl=60, negative_ttl=10, stale_while_revalidate=30, stale_if_error=600, max_object_bytes=100)
FINAL = replace(LIMITS, is_ttl_final=True)

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

FINAL_LIFETIMES = {
    "ttl-override-nothing-said": ({}, 60),
    "ttl-override-s-maxage": ({"cache-control": "s-maxage=9"}, 60),
    "ttl-override-max-age-zero": ({"cache-control": "max-age=0"}, 60),
    "ttl-override-no-cache": ({"cache-control": "no-cache"}, 60),
    "ttl-override-expires": ({"expires": "0"}, 60),
    "ttl-override-no-store-still-counts": ({"cache-control": "no-store, max-age=5"}, 0),
}

# Cache-Control → seconds of stale-while-revalidate and of stale-if-error, 30 and 600 by the operator.
STALE_SPANS: dict[str, tuple[str, float, float]] = {
    "rfc5861-3-nothing-said": ("", 30, 600),
    "rfc5861-3-own": ("max-age=5, stale-while-revalidate=7", 7, 600),
    "rfc5861-3-none": ("stale-while-revalidate=0", 0, 600),
    "rfc5861-4-own": ("stale-if-error=7", 30, 7),
    "rfc5861-4-none": ("stale-if-error=0", 30, 0),
    "rfc5861-both": ("stale-while-revalidate=1, stale-if-error=2", 1, 2),
    "rfc9111-4.2.4-must-revalidate": ("must-revalidate", 0, 0),
    "rfc9111-4.2.4-must-revalidate-wins": ("must-revalidate, stale-if-error=9, stale-while-revalidate=9", 0, 0),
    "rfc9111-5.2.2.8-proxy-revalidate": ("proxy-revalidate", 0, 0),
    "rfc9111-5.2.2.10-s-maxage": ("s-maxage=5", 0, 0),
    "rfc9111-5.2.2.4-no-cache": ("no-cache", 0, 0),
    "rfc9111-5.2.2.1-max-age-does-not-forbid": ("max-age=5", 30, 600),
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


def head(fields: dict[str, str], content_length: int = 10) -> OriginHead:
    """The start of an answer."""
    return OriginHead(tuple(fields.items()), content_length)


@pytest.mark.parametrize(("cache_control", "expected"), STORABLE.values(), ids=STORABLE)
def test_is_storable(cache_control: str | None, expected: bool) -> None:
    """A shared cache stores what does not forbid it."""
    fields = {} if cache_control is None else {"cache-control": cache_control}
    assert is_storable(head(fields), LIMITS) is expected


@pytest.mark.parametrize(("length", "expected"), [(0, True), (100, True), (101, False)])
def test_large_objects_are_not_storable(length: int, expected: bool) -> None:
    """The operator says how large is too large."""
    assert is_storable(head({}, length), LIMITS) is expected


def test_no_object_is_too_large_by_default() -> None:
    """A limit is the operator's wish."""
    assert is_storable(head({}, 2**62), Limits())


@pytest.mark.parametrize("limits", [LIMITS, FINAL], ids=["ttl", "ttl-override"])
def test_an_operator_cannot_override_no_store(limits: Limits) -> None:
    """What is not to be stored is not (RFC 9111 3)."""
    assert not is_storable(head({"cache-control": "no-store"}), limits)


@pytest.mark.parametrize(("fields", "expected"), LIFETIMES.values(), ids=LIFETIMES)
def test_lifetime(fields: dict[str, str], expected: float) -> None:
    """What the object says goes before what the operator set."""
    assert lifetime(head(fields), LIMITS, received_at=NOW) == expected


@pytest.mark.parametrize(("fields", "expected"), FINAL_LIFETIMES.values(), ids=FINAL_LIFETIMES)
def test_lifetime_of_a_final_ttl(fields: dict[str, str], expected: float) -> None:
    """With --ttl-override the operator goes before the object."""
    assert lifetime(head(fields), FINAL, received_at=NOW) == expected


@pytest.mark.parametrize(("cache_control", "revalidate", "error"), STALE_SPANS.values(), ids=STALE_SPANS)
def test_stale_spans(cache_control: str, revalidate: float, error: float) -> None:
    """What the object says goes before what the operator set, and what forbids stale use before both."""
    said = head({"cache-control": cache_control})
    assert (stale_while_revalidate(said, LIMITS), stale_if_error(said, LIMITS)) == (revalidate, error)


@pytest.mark.parametrize(("fields", "expected"), AGES.values(), ids=AGES)
def test_initial_age(fields: dict[str, str], expected: float) -> None:
    """Age counts from when the bucket made the answer, and never too little."""
    assert initial_age(head(fields), requested_at=NOW - 2, received_at=NOW) == expected


def test_a_clock_set_back_during_the_request_makes_no_negative_age() -> None:
    """The delay is not negative (RFC 9111 4.2.3)."""
    assert initial_age(head({}), requested_at=NOW + 5, received_at=NOW) == 0
