"""Who may read an answer from a page of another origin: the Fetch standard, 3.2, and what a browser makes of it."""

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.browser_cors import may_read, may_send, readable_headers

from sidecar.http.cors import ALLOWED_METHODS, cors_fields, preflight_fields
from sidecar.http.fields import split_list

ALL = ("*",)
TWO = ("https://a.example", "https://b.example:8443")
A, STRANGER = "https://a.example", "https://c.example"
VARY = ["origin"]

# What Access-Control-Allow-Origin and Vary say.
ANSWERS = {
    "fetch-3.2.3-all": (A, ALL, "*", []),
    "fetch-3.2.3-all-without-origin": (None, ALL, "*", []),
    "fetch-3.2.3-all-null": ("null", ALL, "*", []),
    "fetch-3.2.3-first-of-two": (A, TWO, A, VARY),
    "fetch-3.2.3-second-of-two": ("https://b.example:8443", TWO, "https://b.example:8443", VARY),
    "fetch-3.2.3-null-on-purpose": ("null", ("null",), "null", VARY),
    "rfc9110-12.5.5-refused": (STRANGER, TWO, None, VARY),
    "rfc9110-12.5.5-no-origin": (None, TWO, None, VARY),
    "rfc6454-5-other-scheme": ("http://a.example", TWO, None, VARY),
    "rfc6454-5-other-port": ("https://b.example", TWO, None, VARY),
    "rfc6454-5-subdomain": ("https://www.a.example", TWO, None, VARY),
    "rfc6454-5-longer-name": ("https://a.example.evil", TWO, None, VARY),
    "rfc6454-5-null": ("null", TWO, None, VARY),
    "star-is-no-origin": ("*", TWO, None, VARY),
    "none-allowed": (A, (), None, VARY),
}

SENDABLE = [
    "cache-control",
    "if-match",
    "if-modified-since",
    "if-none-match",
    "if-range",
    "if-unmodified-since",
    "range",
]
# Method and headers asked for → whether methods are allowed, and which headers.
PREFLIGHTS: dict[str, tuple[str | None, str | None, bool, list[str]]] = {
    "fetch-3.2.2-no-headers-asked-for": ("GET", None, True, []),
    "fetch-3.2.2-headers-asked-for": ("GET", "range", True, SENDABLE),
    "fetch-3.2.2-other-headers-are-not-echoed": ("GET", "x-evil\r\nset-cookie: a", True, SENDABLE),
    "fetch-3.2.2-head": ("HEAD", "range", True, SENDABLE),
    "fetch-3.2.2-method-that-is-not-allowed": ("PUT", "range", False, []),
    "fetch-3.2.2-case-of-a-method-counts": ("get", None, False, []),
    "rfc9110-9.3.7-no-preflight-at-all": (None, None, True, []),
}

_origins = st.sampled_from([A, "https://b.example", "null", "*"]) | st.text(max_size=20)
_headers = st.sampled_from([*SENDABLE, "If-None-Match", "authorization", "x-requested-with"])


def _asking(origin: str | None, method: str | None, headers: str | None) -> Callable[[str], str | None]:
    fields = {
        "origin": origin,
        "access-control-request-method": method,
        "access-control-request-headers": headers,
    }
    return fields.get


def _vary(fields: list[tuple[str, str]]) -> set[str]:
    return {name for known, value in fields if known == "vary" for name in split_list(value)}


@pytest.mark.parametrize(("origin", "allowed", "expected", "vary"), ANSWERS.values(), ids=ANSWERS)
def test_answer(origin: str | None, allowed: tuple[str, ...], expected: str | None, vary: list[str]) -> None:
    """An origin of the list may read; the answer says that it depends on Origin even when it does not."""
    fields = cors_fields(origin, allowed)
    assert dict(fields).get("access-control-allow-origin") == expected
    assert _vary(fields) == set(vary)
    assert ("access-control-expose-headers" in dict(fields)) is (expected is not None)


@pytest.mark.parametrize(("method", "asked", "is_allowed", "headers"), PREFLIGHTS.values(), ids=PREFLIGHTS)
@pytest.mark.parametrize("allowed", [ALL, TWO], ids=["all", "two"])
def test_preflight(
    method: str | None, asked: str | None, is_allowed: bool, headers: list[str], allowed: tuple[str, ...]
) -> None:
    """A preflight is answered with methods, a lifetime, and headers if it asks for some; or with none of that."""
    fields = preflight_fields(_asking(A, method, asked), allowed)
    said = dict(fields)
    assert said.get("access-control-allow-methods") == (ALLOWED_METHODS if is_allowed else None)
    assert ("access-control-allow-origin" in said) is is_allowed
    assert (int(said.get("access-control-max-age", "0")) > 0) is is_allowed
    assert list(split_list(said.get("access-control-allow-headers", ""))) == headers
    assert _vary(fields) >= {"access-control-request-method", "access-control-request-headers"}
    assert ("origin" in _vary(fields)) is (allowed is TWO)


@pytest.mark.parametrize("origin", [STRANGER, "null", None])
def test_preflight_of_a_stranger(origin: str | None) -> None:
    """An origin that is not allowed is allowed nothing."""
    fields = preflight_fields(_asking(origin, "GET", "range"), TWO)
    assert {name for name, _ in fields} == {"vary"}


@given(st.none() | _origins, st.lists(_origins, max_size=3).map(tuple))
def test_a_preflight_allows_whom_the_answer_allows(origin: str | None, allowed: tuple[str, ...]) -> None:
    """A preflight never promises more than the answer keeps."""
    answer, preflight = (
        dict(cors_fields(origin, allowed)),
        dict(preflight_fields(_asking(origin, "GET", None), allowed)),
    )
    assert preflight.get("access-control-allow-origin") == answer.get("access-control-allow-origin")


@given(st.none() | _origins, st.lists(_origins, max_size=3).map(tuple))
def test_nothing_is_echoed_that_was_not_listed(origin: str | None, allowed: tuple[str, ...]) -> None:
    """The allowed origin in the answer is one of the list, and credentials are never allowed."""
    fields = dict(cors_fields(origin, allowed))
    assert fields.get("access-control-allow-origin", "*") in {*allowed, "*"}
    assert "access-control-allow-credentials" not in fields


@given(_origins.filter(lambda origin: origin != "*"), st.lists(_origins, max_size=3).map(tuple))
def test_a_browser_lets_read_whom_the_operator_lets(origin: str, allowed: tuple[str, ...]) -> None:
    """By the CORS check of the Fetch standard, a page may read exactly when its origin is allowed, and all of it."""
    fields = cors_fields(origin, allowed)
    assert may_read(origin, fields) is (origin in allowed or "*" in allowed)
    extra = [("etag", '"a"'), ("cache-status", "x"), ("x-amz-meta-a", "b"), ("x-own", "c")]
    if may_read(origin, fields):
        assert readable_headers([*fields, *extra]) >= {name for name, _ in extra}


@given(
    _origins.filter(lambda origin: origin != "*"),
    st.lists(_origins, max_size=3).map(tuple),
    st.sampled_from(["GET", "HEAD", "POST", "PUT", "DELETE", "get"]),
    st.sets(_headers),
)
def test_a_browser_sends_what_the_operator_lets(
    origin: str, allowed: tuple[str, ...], method: str, headers: set[str]
) -> None:
    """By the CORS-preflight fetch, a request goes out exactly when origin, method and headers have a meaning here."""
    asked = ", ".join(sorted(headers)) or None
    fields = preflight_fields(_asking(origin, method, asked), allowed)
    is_wanted = (origin in allowed or "*" in allowed) and method in {"GET", "HEAD"}
    is_wanted = is_wanted and {name.lower() for name in headers} <= set(SENDABLE)
    assert may_send(method, headers, origin, 204, fields) is is_wanted
