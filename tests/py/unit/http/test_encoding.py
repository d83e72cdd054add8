"""Content codings, from RFC 9110 8.4 and 12.5.3."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sidecar.http.encoding import (
    CODINGS,
    IDENTITY,
    admitted_codings,
    is_worth_coding,
    known_coding,
    refuses_coding,
    without_transfer_codings,
)

# Accept-Encoding → what is admitted of br, zstd and gzip, in this order of preference.
ADMITTED: dict[str, tuple[str | None, tuple[str, ...]]] = {
    "rfc9110-12.5.3-example-1": ("compress, gzip", ("gzip",)),
    "rfc9110-12.5.3-example-2-empty": ("", ()),
    "rfc9110-12.5.3-example-3-any": ("*", ("br", "zstd", "gzip")),
    "rfc9110-12.5.3-example-4": ("compress;q=0.5, gzip;q=1.0", ("gzip",)),
    "rfc9110-12.5.3-example-5": ("gzip;q=1.0, identity; q=0.5, *;q=0", ("gzip",)),
    "rfc9110-12.5.3-absent-asks-for-none": (None, ()),
    "rfc9110-12.5.3-not-listed": ("gzip", ("gzip",)),
    "rfc9110-12.5.3-listed-beside-any": ("br;q=0, *", ("zstd", "gzip")),
    "rfc9110-12.5.3-any-with-a-weight": ("gzip, *;q=0.5", ("gzip", "br", "zstd")),
    "rfc9110-12.5.3-any-refused": ("gzip, *;q=0", ("gzip",)),
    "rfc9110-12.5.3-nothing-at-all": ("*;q=0", ()),
    "rfc9110-12.5.3-highest-weight-first": ("br;q=0.1, gzip;q=0.9, zstd;q=0.5", ("gzip", "zstd", "br")),
    "rfc9110-12.5.3-ours-first-at-equal-weights": ("gzip, zstd, br", ("br", "zstd", "gzip")),
    "rfc9110-12.5.3-browsers": ("gzip, deflate, br, zstd", ("br", "zstd", "gzip")),
    "rfc9110-12.5.3-identity-is-preferred": ("identity, gzip;q=0.5", ()),
    "rfc9110-12.5.3-identity-is-preferred-to-one": ("identity;q=0.6, gzip;q=0.5, br;q=0.7", ("br",)),
    "rfc9110-12.5.3-identity-is-liked-as-much": ("identity;q=0.5, gzip;q=0.5", ("gzip",)),
    "rfc9110-12.5.3-identity-as-any": ("gzip;q=0.2, *;q=0.5", ("br", "zstd")),
    "rfc9110-12.5.3-identity-refused": ("identity;q=0, gzip;q=0.001", ("gzip",)),
    "rfc9110-12.5.3-identity-alone": ("identity", ()),
    "rfc9110-12.4.2-zero-refuses": ("gzip;q=0", ()),
    "rfc9110-12.4.2-zero-with-digits": ("gzip;q=0.000", ()),
    "rfc9110-12.4.2-least": ("gzip;q=0.001", ("gzip",)),
    "rfc9110-12.4.2-one-with-digits": ("gzip;q=1.000, br;q=0.999", ("gzip", "br")),
    "rfc9110-12.4.2-no-digits-after-the-point": ("gzip;q=0., br;q=1.", ("br",)),
    "rfc9110-12.4.2-capital": ("gzip;Q=0.5", ("gzip",)),
    "rfc9110-12.4.2-space-around": ("gzip \t;\t q=0.5 , br", ("br", "gzip")),
    "rfc9110-12.4.2-four-digits": ("gzip;q=0.1234, br", ("br",)),
    "rfc9110-12.4.2-above-one": ("gzip;q=1.1, br", ("br",)),
    "rfc9110-12.4.2-negative": ("gzip;q=-1, br", ("br",)),
    "rfc9110-12.4.2-not-a-number": ("gzip;q=high, br", ("br",)),
    "rfc9110-12.4.2-no-number": ("gzip;q=, br", ("br",)),
    "rfc9110-12.4.2-no-weight": ("gzip;, br", ("br",)),
    "rfc9110-12.4.2-another-parameter": ("gzip;level=9, br", ("br",)),
    "rfc9110-12.4.2-a-parameter-before": ("gzip;level=9;q=1, br", ("br",)),
    "rfc9110-12.4.2-other-digits": ("gzip;q=\u0661, br", ("br",)),
    "rfc9110-8.4.1-any-case": ("GZip, BR;q=0.5", ("gzip", "br")),
    "rfc9110-8.4.1.3-x-gzip": ("x-gzip", ("gzip",)),
    "rfc9110-5.6.1-empty-members": (", ,gzip,,", ("gzip",)),
    "repeated-the-lowest-counts": ("gzip, gzip;q=0, br", ("br",)),
    "repeated-by-its-other-name": ("gzip;q=0, x-gzip", ()),
    "not-a-list": ("gzip br", ()),
    "quoted": ('"gzip", br', ("br",)),
    "unknown": ("deflate, exi, pack200-gzip", ()),
}

REFUSED: dict[str, tuple[str | None, str, bool]] = {
    "rfc9110-12.5.3-absent": (None, "gzip", False),
    "rfc9110-12.5.3-absent-identity": (None, IDENTITY, False),
    "rfc9110-12.5.3-empty": ("", "gzip", True),
    "rfc9110-12.5.3-empty-admits-no-coding": ("", IDENTITY, False),
    "rfc9110-12.5.3-listed": ("gzip", "gzip", False),
    "rfc9110-12.5.3-listed-with-little-weight": ("gzip;q=0.001, identity", "gzip", False),
    "rfc9110-12.5.3-not-listed": ("br, zstd", "gzip", True),
    "rfc9110-12.5.3-zero": ("gzip;q=0", "gzip", True),
    "rfc9110-12.5.3-any": ("br, *;q=0.1", "gzip", False),
    "rfc9110-12.5.3-any-but-this": ("gzip;q=0, *", "gzip", True),
    "rfc9110-12.5.3-none-of-the-others": ("br, *;q=0", "gzip", True),
    "rfc9110-12.5.3-identity-not-listed": ("gzip", IDENTITY, False),
    "rfc9110-12.5.3-identity-zero": ("identity;q=0", IDENTITY, True),
    "rfc9110-12.5.3-identity-by-any": ("*;q=0", IDENTITY, True),
    "rfc9110-12.5.3-identity-listed-beside-any": ("identity;q=0.5, *;q=0", IDENTITY, False),
    "rfc9110-8.4.1.3-x-gzip": ("x-gzip", "gzip", False),
}

KNOWN = {
    "rfc9110-8.4.1.3-gzip": ("gzip", "gzip"),
    "rfc9110-8.4.1.3-x-gzip": ("x-gzip", "gzip"),
    "rfc9110-8.4.1-any-case": (" GZIP ", "gzip"),
    "rfc7932-br": ("br", "br"),
    "rfc8878-zstd": ("zstd", "zstd"),
    "rfc9110-8.4-several": ("gzip, br", None),
    "rfc9110-8.4.1.1-compress": ("compress", None),
    "rfc9110-8.4.1.2-deflate": ("deflate", None),
    "unknown": ("utf-8", None),
    "identity-is-none": ("identity", None),
    "empty": ("", None),
    "absent": (None, None),
}

TRANSFER = {
    "alone": ("aws-chunked", ""),
    "first": ("aws-chunked,gzip", "gzip"),
    "last": ("gzip, aws-chunked", "gzip"),
    "any-case": ("AWS-Chunked", ""),
    "between": ("br, aws-chunked, gzip", "br, gzip"),
    "absent": ("gzip", "gzip"),
    "several-are-left-as-they-are": ("gzip,br", "gzip,br"),
    "part-of-a-name": ("aws-chunked2", "aws-chunked2"),
    "empty": ("", ""),
}

WORTHWHILE = [
    "text/html",
    "text/css; charset=utf-8",
    "TEXT/PLAIN",
    "text/x-anything",
    "application/json",
    "application/json;charset=utf-8",
    "application/javascript",
    "application/xml",
    "application/ld+json",
    "application/atom+xml",
    "application/manifest+json",
    "application/wasm",
    "image/svg+xml",
    "image/x-icon",
    "font/ttf",
    "font/otf",
]

COMPRESSED_ALREADY = [
    "image/png",
    "image/jpeg",
    "image/webp",
    "image/avif",
    "video/mp4",
    "audio/mpeg",
    "font/woff",
    "font/woff2",
    "application/zip",
    "application/gzip",
    "application/zstd",
    "application/pdf",
    "application/octet-stream",
    "application/epub+zip",
    "binary/octet-stream",
    "text",
    "",
]

_names = st.sampled_from([*CODINGS, IDENTITY, "*", "x-gzip", "deflate", "GZIP", ""])
_weights = st.sampled_from(["", ";q=0", ";q=0.0", ";q=0.5", "; q=1", ";q=1.0", ";q=2", ";q", ";level=1"])
_members = st.tuples(_names, _weights).map("".join)
_fields = st.lists(_members, max_size=8).map(", ".join) | st.text(max_size=60)


@pytest.mark.parametrize(("field", "expected"), ADMITTED.values(), ids=ADMITTED)
def test_admitted(field: str | None, expected: tuple[str, ...]) -> None:
    """What may be sent, the best first."""
    assert admitted_codings(field, CODINGS) == expected


def test_only_what_is_offered_is_admitted() -> None:
    """In the server's own order."""
    assert admitted_codings("br, gzip, zstd", ("gzip", "br")) == ("gzip", "br")
    assert admitted_codings("*", ()) == ()


@pytest.mark.parametrize(("field", "coding", "expected"), REFUSED.values(), ids=REFUSED)
def test_refused(field: str | None, coding: str, expected: bool) -> None:
    """What must not be sent."""
    assert refuses_coding(field, coding) is expected


@given(st.none() | _fields, st.permutations(CODINGS).map(tuple))
def test_what_is_refused_is_never_admitted(field: str | None, offered: tuple[str, ...]) -> None:
    """Whatever the field says; and nothing is admitted twice, or made up."""
    admitted = admitted_codings(field, offered)
    assert not [coding for coding in admitted if refuses_coding(field, coding)]
    assert len(set(admitted)) == len(admitted)
    assert set(admitted) <= set(offered)


@given(_fields)
def test_the_offer_does_not_change_what_is_admitted(field: str) -> None:
    """Each coding stands for itself: one of few is admitted when it is one of many."""
    many = admitted_codings(field, CODINGS)
    assert {coding for coding in CODINGS if admitted_codings(field, (coding,))} == set(many)


def test_a_long_field_takes_linear_time() -> None:
    """A field of a megabyte, many times what a server takes, is read in a moment; one like it is not kept."""
    began = time.process_time()
    assert admitted_codings(",".join(["gzip;q=0.5"] * 100_000), CODINGS) == ("gzip",)
    assert admitted_codings("gzip;q=0." + "5" * 1_000_000, CODINGS) == ()
    assert admitted_codings(";" * 1_000_000, CODINGS) == ()
    assert time.process_time() - began < 2


@pytest.mark.parametrize(("value", "expected"), KNOWN.values(), ids=KNOWN)
def test_known_coding(value: str | None, expected: str | None) -> None:
    """The one coding of an object that could be undone here."""
    assert known_coding(value) == expected


@pytest.mark.parametrize(("value", "expected"), TRANSFER.values(), ids=TRANSFER)
def test_without_transfer_codings(value: str, expected: str) -> None:
    """How an object was uploaded is not what it is."""
    assert without_transfer_codings(value) == expected


@pytest.mark.parametrize("media_type", WORTHWHILE)
def test_worth_coding(media_type: str) -> None:
    """Text, and what is like it."""
    assert is_worth_coding(media_type)


@pytest.mark.parametrize("media_type", COMPRESSED_ALREADY)
def test_not_worth_coding(media_type: str) -> None:
    """What is compressed already, and what nobody knows."""
    assert not is_worth_coding(media_type)
