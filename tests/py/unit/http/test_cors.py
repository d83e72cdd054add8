"""Who may read an answer from a page of another origin: the Fetch standard, 3.2."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sidecar.http.cors import ALLOWED_METHODS, cors_fields, preflight_fields

ALL = ("*",)
TWO = ("https://a.example", "https://b.example:8443")
VARY = ("vary", "origin")


def _allow(origin: str) -> tuple[str, str]:
    return ("access-control-allow-origin", origin)


ANSWERS = {
    "fetch-3.2.3-all": ("https://a.example", ALL, [_allow("*")]),
    "fetch-3.2.3-all-without-origin": (None, ALL, [_allow("*")]),
    "fetch-3.2.3-all-null": ("null", ALL, [_allow("*")]),
    "fetch-3.2.3-first-of-two": ("https://a.example", TWO, [_allow("https://a.example"), VARY]),
    "fetch-3.2.3-second-of-two": ("https://b.example:8443", TWO, [_allow("https://b.example:8443"), VARY]),
    "fetch-3.2.3-null-on-purpose": ("null", ("null",), [_allow("null"), VARY]),
    "rfc9110-12.5.5-refused": ("https://c.example", TWO, [VARY]),
    "rfc9110-12.5.5-no-origin": (None, TWO, [VARY]),
    "rfc6454-5-other-scheme": ("http://a.example", TWO, [VARY]),
    "rfc6454-5-other-port": ("https://b.example", TWO, [VARY]),
    "rfc6454-5-subdomain": ("https://www.a.example", TWO, [VARY]),
    "rfc6454-5-longer-name": ("https://a.example.evil", TWO, [VARY]),
    "rfc6454-5-null": ("null", TWO, [VARY]),
    "star-is-no-origin": ("*", TWO, [VARY]),
    "none-allowed": ("https://a.example", (), [VARY]),
}

PREFLIGHTS = {
    "fetch-3.2.2-no-headers-asked-for": (None, None),
    "fetch-3.2.2-headers-asked-for": ("range", "range, if-none-match, if-modified-since, cache-control"),
    "fetch-3.2.2-other-headers-are-not-echoed": (
        "x-evil\r\nset-cookie: a",
        "range, if-none-match, if-modified-since, cache-control",
    ),
}

_origins = st.sampled_from(["https://a.example", "https://b.example", "null", "*"]) | st.text(max_size=20)


@pytest.mark.parametrize(("origin", "allowed", "expected"), ANSWERS.values(), ids=ANSWERS)
def test_answer(origin: str | None, allowed: tuple[str, ...], expected: list[tuple[str, str]]) -> None:
    """An origin of the list may read; the answer says that it depends on Origin even when it does not."""
    assert cors_fields(origin, allowed) == expected


@pytest.mark.parametrize(("asked", "expected"), PREFLIGHTS.values(), ids=PREFLIGHTS)
def test_preflight(asked: str | None, expected: str | None) -> None:
    """A preflight is answered with methods, a lifetime, and headers if it asks for some."""
    fields = dict(preflight_fields("https://a.example", TWO, asked))
    assert fields["access-control-allow-methods"] == ALLOWED_METHODS
    assert int(fields["access-control-max-age"]) > 0
    assert fields.get("access-control-allow-headers") == expected


@given(st.none() | _origins, st.lists(_origins, max_size=3).map(tuple))
def test_a_preflight_allows_whom_the_answer_allows(origin: str | None, allowed: tuple[str, ...]) -> None:
    """A preflight never promises more than the answer keeps."""
    fields = preflight_fields(origin, allowed, None)
    assert fields[: len(cors_fields(origin, allowed))] == cors_fields(origin, allowed)


@given(st.none() | _origins, st.lists(_origins, max_size=3).map(tuple))
def test_nothing_is_echoed_that_was_not_listed(origin: str | None, allowed: tuple[str, ...]) -> None:
    """The allowed origin in the answer is one of the list, and credentials are never allowed."""
    fields = dict(cors_fields(origin, allowed))
    assert fields.get("access-control-allow-origin", "*") in {*allowed, "*"}
    assert "access-control-allow-credentials" not in fields
