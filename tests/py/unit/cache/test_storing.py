"""What is kept of what the bucket said, and how a 304 freshens it: RFC 9111 3.1, 3.2 and 4.3.4."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from unit.cache.responses import a_response, stored_responses

from sidecar.cache.freshness import Limits
from sidecar.cache.ports import OriginHead
from sidecar.cache.stored import Kind, StoredResponse
from sidecar.cache.storing import (
    KEPT_HEADERS,
    MAX_METADATA_BYTES,
    MAX_TAGS,
    METADATA_PREFIX,
    Received,
    freshen,
    pass_on,
    remember_unstorable,
    store_missing,
    store_object,
    store_slice,
    store_sliced,
    store_variant,
)
from sidecar.http.dates import format_http_date

NOW = 1_780_000_000.0
DATE = format_http_date(NOW)
LATER = format_http_date(NOW + 90)
LIMITS = Limits(ttl=60, negative_ttl=10, stale_while_revalidate=30, stale_if_error=600, max_object_bytes=100)
RECEIVED = Received(requested_at=NOW - 2, received_at=NOW, epoch=7, purge_count=3, identity="0123456789abcdef")

NOT_OF_THE_OBJECT = [
    "accept-ranges",
    "connection",
    "content-length",
    "date",
    "server",
    "set-cookie",
    "x-amz-request-id",
]

TAGS = {
    "none": ({}, ()),
    "empty": ({"surrogate-key": "  "}, ()),
    "several": ({"surrogate-key": "a  b c"}, ("a", "b", "c")),
    "as-metadata-of-the-object": ({"x-amz-meta-surrogate-key": "a b"}, ("a", "b")),
    "both": ({"surrogate-key": "a", "x-amz-meta-surrogate-key": "b a"}, ("a", "b")),
    "bounded": ({"surrogate-key": " ".join(map(str, range(1000)))}, tuple(map(str, range(MAX_TAGS)))),
}

CODINGS = {
    "aws-chunked": ("aws-chunked", None),
    "aws-chunked-and-another": ("gzip, aws-chunked", "gzip"),
    "another": ("gzip", "gzip"),
    "several": ("gzip,br", "gzip,br"),
    "empty": ("", None),
}

KNOWN = {
    "cache-control": "max-age=5",
    "content-type": "text/css",
    "content-language": "de",
    "etag": '"a"',
    "last-modified": format_http_date(NOW - 1000),
    "x-amz-meta-a": "1",
}

# What a 304 says → the headers that are different afterwards.
UPDATES: dict[str, tuple[dict[str, str], dict[str, str]]] = {
    "rfc9111-3.2-nothing-said-nothing-changes": ({}, {}),
    "rfc9111-3.2-cache-control-is-replaced": ({"cache-control": "max-age=9"}, {"cache-control": "max-age=9"}),
    "rfc9111-3.2-a-new-header-is-added": ({"expires": LATER}, {"expires": LATER}),
    "rfc9111-3.2-metadata-is-replaced": ({"x-amz-meta-a": "2"}, {"x-amz-meta-a": "2"}),
    "rfc9111-3.2-headers-of-the-store-are-left-out": ({"server": "S3", "x-amz-request-id": "1"}, {}),
    "rfc9111-3.2-the-length-of-a-304-is-not-the-objects": ({"content-length": "0"}, {}),
    "rfc9110-15.4.5-a-304-has-no-media-type-of-the-object": ({"content-type": "application/xml"}, {}),
}

_values = st.text(max_size=30) | st.sampled_from([DATE, LATER, "max-age=5", "no-cache", "0"])
_heads = st.builds(
    OriginHead,
    headers=st.dictionaries(
        st.sampled_from(["age", "cache-control", "date", "etag", "expires", "last-modified"]), _values
    ).map(lambda fields: tuple(fields.items())),
    content_length=st.integers(0, 2**50),
)
_instants = st.floats(0, 2**33)


def head(fields: dict[str, str], content_length: int = 10) -> OriginHead:
    """The start of an answer."""
    return OriginHead(tuple(fields.items()), content_length)


def stored_object(fields: dict[str, str]) -> StoredResponse:
    """What is stored of an answer with these headers."""
    return store_object(head(fields), RECEIVED, LIMITS)


def later(seconds: float) -> Received:
    """A 304 that came after so many seconds, in a later state of the cache."""
    return Received(NOW + seconds, NOW + seconds, epoch=8, purge_count=5, identity="another")


def test_an_object_keeps_what_describes_it() -> None:
    """Headers of the store and of the transfer are left out (RFC 9111 3.1)."""
    described = {name: f"value of {name}" for name in KEPT_HEADERS}
    others = dict.fromkeys(NOT_OF_THE_OBJECT, "1")
    assert dict(stored_object({**others, **described}).headers) == described


METADATA = {
    "kept": ({"x-amz-meta-a": "1", "x-amz-meta-b-c": "zwei, drei"}, ["a", "b-c"]),
    "empty": ({"x-amz-meta-a": ""}, ["a"]),
    "rfc2047-as-it-came": ({"x-amz-meta-a": "=?UTF-8?B?w7w=?="}, ["a"]),
    "rfc9110-5.5-beyond-ascii": ({"x-amz-meta-a": "ü"}, ["a"]),
    "rfc9110-5.5-line-break": ({"x-amz-meta-a": "1\r\nset-cookie: b", "x-amz-meta-b": "2"}, ["b"]),
    "rfc9110-5.5-nul": ({"x-amz-meta-a": "\0"}, []),
    "rfc9110-5.5-no-utf-8": ({"x-amz-meta-a": "\udcfc"}, []),
    "rfc9110-5.6.2-no-token": ({"x-amz-meta-a b": "1", "x-amz-meta-ä": "1"}, []),
    "as-much-as-s3-takes": ({"x-amz-meta-a": "x" * (MAX_METADATA_BYTES - 1)}, ["a"]),
    "more-than-s3-takes": ({"x-amz-meta-a": "x" * MAX_METADATA_BYTES}, []),
    "bytes-are-counted": ({"x-amz-meta-a": "ü" * (MAX_METADATA_BYTES // 2)}, []),
    "as-far-as-it-fits": ({"x-amz-meta-a": "1", "x-amz-meta-b": "x" * MAX_METADATA_BYTES, "x-amz-meta-c": "1"}, ["a"]),
    "others-of-the-store": ({"x-amz-id-2": "1", "x-amz-version-id": "2", "x-amz-metadata": "3"}, []),
}


@pytest.mark.parametrize(("fields", "expected"), METADATA.values(), ids=METADATA)
def test_metadata(fields: dict[str, str], expected: list[str]) -> None:
    """An object's own metadata is kept, as far as it can be sent and as much as S3 takes."""
    stored = stored_object({"content-type": "text/css", **fields})
    assert stored.header("content-type") == "text/css"
    kept = {name: value for name, value in stored.headers if name != "content-type"}
    assert kept == {METADATA_PREFIX + name: fields[METADATA_PREFIX + name] for name in expected}


@pytest.mark.parametrize("name", ["content-type", "content-disposition", "etag"])
def test_what_cannot_be_sent_is_not_kept(name: str) -> None:
    """No header of an object ends another one (RFC 9110 5.5)."""
    stored = stored_object({name: 'a"\r\nset-cookie: b'})
    assert (stored.headers, stored.etag) == ((), None)


def test_an_object_is_stored_with_its_validators() -> None:
    """Length, entity-tag and modification date are ready for use."""
    stored = stored_object({"etag": '"a"', "last-modified": DATE})
    assert (stored.kind, stored.content_length, stored.etag, stored.last_modified) == (Kind.OBJECT, 10, '"a"', NOW)
    assert (stored.received_at, stored.identity) == (NOW, RECEIVED.identity)
    assert (stored.epoch, stored.purge_count) == (RECEIVED.epoch, RECEIVED.purge_count)


def test_an_object_may_have_no_validators() -> None:
    """Absent and invalid ones are None."""
    stored = stored_object({"last-modified": "yesterday"})
    assert (stored.etag, stored.last_modified, stored.has_validator) == (None, None, False)


def test_an_object_that_leads_elsewhere_has_no_validator() -> None:
    """Its body is mostly empty, so that its ETag stays the same when the redirect does not."""
    stored = stored_object({"etag": '"a"', "x-amz-website-redirect-location": "/b"})
    assert (stored.redirect_location, stored.etag, stored.has_validator) == ("/b", '"a"', False)
    assert stored_object({"etag": '"a"'}).redirect_location is None


@pytest.mark.parametrize(("fields", "expected"), TAGS.values(), ids=TAGS)
def test_tags(fields: dict[str, str], expected: tuple[str, ...]) -> None:
    """Surrogate keys are kept once each, in order, and not without end."""
    assert stored_object(fields).tags == expected


def test_a_missing_object_is_remembered_for_the_negative_ttl() -> None:
    """An answer that says nothing of its freshness has the operator's."""
    stored = store_missing(RECEIVED, LIMITS)
    assert (stored.kind, stored.headers, stored.content_length) == (Kind.MISSING, (), 0)
    assert (stored.ttl_at(NOW), stored.has_body, stored.origin_status) == (10, False, 404)


@pytest.mark.parametrize(
    "stored",
    [stored_object({"cache-control": "no-store"}), store_object(head({}, 101), RECEIVED, LIMITS)],
    ids=["rfc9111-5.2.2.5-no-store", "too-large"],
)
def test_what_may_not_be_stored_is_told_apart(stored: StoredResponse) -> None:
    """It has no body here, and what is remembered of it is that."""
    remembered = remember_unstorable(stored, 60)
    assert (stored.kind, stored.has_body, stored.has_validator) == (Kind.UNSTORABLE, False, False)
    assert (remembered.kind, remembered.body_length, remembered.ttl_at(NOW)) == (Kind.UNSTORABLE, 0, 60)


def test_what_finds_no_room_is_remembered_without_what_it_said() -> None:
    """Its headers may be the very reason, and nobody is given them."""
    remembered = remember_unstorable(pass_on(stored_object({"content-disposition": "x" * 70_000})), 2)
    assert (remembered.kind, remembered.headers, remembered.ttl_at(NOW)) == (Kind.UNSTORABLE, (), 2)


def test_a_sliced_object_has_no_body_of_its_own() -> None:
    """Its length is the object's all the same."""
    sliced = store_sliced(stored_object({"etag": '"a"'}))
    assert (sliced.content_length, sliced.body_length, sliced.has_validator) == (10, 0, True)


def test_a_slice_does_not_age() -> None:
    """It is of one version, and that does not change."""
    stored = store_slice(head({"cache-control": "max-age=0", "age": "500"}), RECEIVED, LIMITS)
    assert (stored.kind, stored.initial_age_seconds) == (Kind.OBJECT, 0)
    assert stored.ttl_at(NOW + 86_400 * 366) > 0


@pytest.mark.parametrize(("said", "changed"), UPDATES.values(), ids=UPDATES)
def test_a_304_updates_headers(said: dict[str, str], changed: dict[str, str]) -> None:
    """Those that came replace those that were, all others stay."""
    fresh = freshen(stored_object(KNOWN), head(said, 0), later(100), LIMITS)
    assert dict(fresh.headers) == {**KNOWN, **changed}


def test_a_304_makes_fresh() -> None:
    """Age counts anew, and lifetime is by the headers as they are now (RFC 9111 4.3.4)."""
    fresh = freshen(stored_object({**KNOWN, "age": "4"}), head({"cache-control": "max-age=9"}, 0), later(100), LIMITS)
    assert (fresh.age_at(NOW + 100), fresh.ttl_at(NOW + 100)) == (0, 9)


def test_a_304_has_an_age_of_its_own() -> None:
    """A cache before the bucket may have confirmed it some time ago (RFC 9111 4.2.3)."""
    fresh = freshen(stored_object(KNOWN), head({"age": "4"}, 0), later(100), LIMITS)
    assert (fresh.age_at(NOW + 100), fresh.ttl_at(NOW + 100)) == (4, 1)


def test_a_304_keeps_the_body() -> None:
    """Identity, length and validators are the body's; epoch and purges are those of now."""
    known = stored_object(KNOWN)
    fresh = freshen(known, head({"etag": 'W/"b"'}, 0), later(100), LIMITS)
    assert (fresh.kind, fresh.identity, fresh.content_length) == (known.kind, known.identity, known.content_length)
    assert (fresh.etag, fresh.last_modified) == (known.etag, known.last_modified)
    assert (fresh.epoch, fresh.purge_count) == (8, 5)


@pytest.mark.parametrize(("said", "expected"), [({}, ("a", "b")), ({"surrogate-key": "c"}, ("c",))])
def test_a_304_without_tags_keeps_them(said: dict[str, str], expected: tuple[str, ...]) -> None:
    """One with tags replaces them."""
    known = stored_object({**KNOWN, "surrogate-key": "a b"})
    assert freshen(known, head(said, 0), later(1), LIMITS).tags == expected


def test_a_304_with_metadata_of_both_kinds() -> None:
    """Surrogate keys that come again are kept once, as metadata and as tags."""
    known = stored_object({**KNOWN, "x-amz-meta-surrogate-key": "a"})
    fresh = freshen(known, head({"x-amz-meta-surrogate-key": "b"}, 0), later(1), LIMITS)
    assert [value for name, value in fresh.headers if name == "x-amz-meta-surrogate-key"] == ["b"]
    assert fresh.tags == ("b",)


@given(_heads, _instants, _instants)
def test_any_head_can_be_stored(said: OriginHead, requested_at: float, received_at: float) -> None:
    """Whatever a bucket says, age, lifetime and stale spans are never negative, and nothing is raised."""
    stored = store_object(said, Received(requested_at, received_at, 7, 0, ""), LIMITS)
    assert stored.initial_age_seconds >= 0
    assert stored.lifetime_seconds >= 0
    assert stored.stale_while_revalidate_seconds >= 0
    assert stored.stale_if_error_seconds >= 0
    assert set(dict(stored.headers)) <= KEPT_HEADERS


@given(stored_responses, _heads)
def test_any_304_keeps_the_body(known: StoredResponse, said: OriginHead) -> None:
    """Whatever it says, the body's identity, length and validators stay."""
    fresh = freshen(known, said, later(0), LIMITS)
    assert (fresh.identity, fresh.content_length, fresh.kind) == (known.identity, known.content_length, known.kind)
    assert (fresh.etag, fresh.last_modified) == (known.etag, known.last_modified)


def test_a_response_for_trying_things_on_is_an_object() -> None:
    """The tests of the store begin with it."""
    assert a_response().has_body


@pytest.mark.parametrize(("told", "kept"), CODINGS.values(), ids=CODINGS)
def test_how_it_was_uploaded_is_not_kept(told: str, kept: str | None) -> None:
    """Some stores keep what S3 drops: `aws-chunked` is no coding of the object."""
    assert store_object(head({"content-encoding": told}), RECEIVED, LIMITS).header("content-encoding") == kept


def test_a_variant_does_not_age() -> None:
    """Whatever the headers of its original say; nor is it too large to be stored."""
    fields = {"content-encoding": "br", "etag": '"a-br"', "cache-control": "no-cache", "surrogate-key": "a b"}
    stored = store_variant(head(fields, 1000), RECEIVED, LIMITS)
    assert (stored.kind, stored.content_length, stored.etag, stored.tags) == (Kind.OBJECT, 1000, '"a-br"', ("a", "b"))
    assert stored.ttl_at(NOW + 365 * 86_400) > 0


def test_a_variant_that_is_not_worth_it() -> None:
    """Is stored as that, with the tags by which it may be purged."""
    stored = store_variant(head({"surrogate-key": "a"}, 0), RECEIVED, LIMITS)
    assert (stored.kind, stored.has_body, stored.is_bare, stored.tags) == (Kind.UNCODED, False, True, ("a",))
    assert stored.ttl_at(NOW + 365 * 86_400) > 0
