"""Which representation of an object suits a request: RFC 9110 12.5.3, and what an operator decides."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from unit.cache.responses import a_response, stored_responses

from sidecar.cache.negotiation import AS_STORED, Choice, CodingRules, choose
from sidecar.cache.stored import Kind, StoredResponse
from sidecar.http.encoding import CODINGS, IDENTITY, refuses_coding

RULES = CodingRules(offered=CODINGS, min_bytes=1000, max_bytes=5000)
BOTH = CodingRules(offered=CODINGS, looked_for=CODINGS, min_bytes=1000, max_bytes=5000)
COMPANIONS = CodingRules(looked_for=CODINGS, min_bytes=1000, max_bytes=5000)
OFF = CodingRules()
CSS = (("content-type", "text/css"),)
PNG = (("content-type", "image/png"),)
GZIPPED = (*CSS, ("content-encoding", "gzip"))
VARIES = Choice(is_negotiable=True)
UNCERTAIN = Choice(is_negotiable=True, is_uncertain=True)


def chosen(companions: tuple[str, ...] = (), variant: str | None = None) -> Choice:
    """Something else than what is stored, where it can be had."""
    return replace(UNCERTAIN, companions=companions, variant=variant)


def a_text(length: int = 2000, headers: tuple[tuple[str, str], ...] = CSS, kind: Kind = Kind.OBJECT) -> StoredResponse:
    """An object worth coding, but for the changes."""
    return a_response(content_length=length, headers=headers, kind=kind)


def with_header(name: str, value: str, headers: tuple[tuple[str, str], ...] = CSS) -> StoredResponse:
    """A text with another header."""
    return a_text(headers=(*headers, (name, value)))


# What is stored, Accept-Encoding, the rules → the choice.
CHOICES: dict[str, tuple[StoredResponse, str | None, CodingRules, Choice]] = {
    "rfc9110-12.5.3-best": (a_text(), "gzip, br", RULES, chosen(variant="br")),
    "rfc9110-12.5.3-weight": (a_text(), "gzip, br;q=0.5", RULES, chosen(variant="gzip")),
    "rfc9110-12.5.3-absent": (a_text(), None, RULES, VARIES),
    "rfc9110-12.5.3-refused": (a_text(), "gzip;q=0, identity", RULES, VARIES),
    "rfc9110-12.5.3-identity-refused-too": (a_text(), "*;q=0", RULES, VARIES),
    "size-smallest": (a_text(1000), "br", RULES, chosen(variant="br")),
    "size-too-small": (a_text(999), "br", RULES, AS_STORED),
    "size-largest": (a_text(5000), "br", RULES, chosen(variant="br")),
    "size-too-large": (a_text(5001), "br", RULES, AS_STORED),
    "type-of-what-is-compressed": (a_text(headers=PNG), "br", RULES, AS_STORED),
    "type-by-the-name": (a_text(headers=()), "br", RULES, chosen(variant="br")),
    "type-by-the-name-for-s3s-default": (
        a_text(headers=(("content-type", "binary/octet-stream"),)),
        "br",
        RULES,
        chosen(variant="br"),
    ),
    "rfc9111-5.2.2.6-no-transform": (with_header("cache-control", "public, no-transform"), "br", BOTH, AS_STORED),
    "rfc9111-5.2.2.6-no-transform-stays-coded": (
        with_header("cache-control", "no-transform", GZIPPED),
        "br",
        RULES,
        AS_STORED,
    ),
    "kind-sliced": (a_text(kind=Kind.SLICED), "br", BOTH, UNCERTAIN),
    "kind-passing": (a_text(kind=Kind.UNSTORABLE), "br", BOTH, UNCERTAIN),
    "kind-sliced-for-who-takes-none": (a_text(kind=Kind.SLICED), "identity", BOTH, VARIES),
    "kind-missing": (a_text(0, headers=(), kind=Kind.MISSING), "br", BOTH, AS_STORED),
    "kind-empty": (a_text(0), "br", BOTH, AS_STORED),
    "rule-off": (a_text(), "br", OFF, AS_STORED),
    "rule-one-coding": (
        a_text(),
        "br, gzip",
        CodingRules(offered=("gzip",)),
        chosen(variant="gzip"),
    ),
    "rfc9110-8.4-coded-and-admitted": (a_text(headers=GZIPPED), "gzip, br", BOTH, VARIES),
    "rfc9110-8.4-coded-and-absent": (a_text(headers=GZIPPED), None, BOTH, VARIES),
    "rfc9110-8.4-coded-and-any": (a_text(headers=GZIPPED), "br, *;q=0.1", BOTH, VARIES),
    "rfc9110-8.4-coded-and-liked-less": (a_text(headers=GZIPPED), "identity, gzip;q=0.1", BOTH, VARIES),
    "rfc9110-8.4-coded-and-refused": (
        a_text(headers=GZIPPED),
        "br",
        BOTH,
        chosen(variant=IDENTITY),
    ),
    "rfc9110-8.4-coded-and-nothing-asked-for": (
        a_text(headers=GZIPPED),
        "",
        OFF,
        chosen(variant=IDENTITY),
    ),
    "rfc9110-8.4-coded-and-everything-refused": (a_text(headers=GZIPPED), "*;q=0", RULES, VARIES),
    "rfc9110-8.4-coded-of-any-type": (
        a_text(headers=(*PNG, ("content-encoding", "x-gzip"))),
        "br",
        RULES,
        chosen(variant=IDENTITY),
    ),
    "rfc9110-8.4-coded-and-small": (
        a_text(20, headers=GZIPPED),
        "br",
        RULES,
        chosen(variant=IDENTITY),
    ),
    "rfc9110-8.4-coded-and-large": (a_text(5001, headers=GZIPPED), "br", RULES, AS_STORED),
    "rfc9110-8.4-coded-and-sliced": (a_text(headers=GZIPPED, kind=Kind.SLICED), "br", RULES, UNCERTAIN),
    "rfc9110-8.4-coded-twice": (with_header("content-encoding", "gzip, br"), "identity", RULES, AS_STORED),
    "rfc9110-8.4-unknown": (with_header("content-encoding", "compress"), "br", BOTH, AS_STORED),
    "companion-first": (
        a_text(),
        "gzip, br",
        BOTH,
        chosen(companions=("br", "gzip"), variant="br"),
    ),
    "companion-only": (a_text(), "gzip, br;q=0.5", COMPANIONS, chosen(companions=("gzip", "br"))),
    "companion-of-a-small-one": (a_text(10), "br", BOTH, chosen(companions=("br",))),
    "companion-of-a-large-one": (a_text(5001), "br", BOTH, chosen(companions=("br",))),
    "companion-for-nobody": (a_text(10), None, BOTH, VARIES),
    "companion-of-a-picture": (a_text(headers=PNG), "br", BOTH, AS_STORED),
}

_fields = st.none() | st.lists(st.sampled_from([*CODINGS, IDENTITY, "*", "br;q=0", "gzip;q=0.5", "*;q=0"])).map(
    ",".join
)
_headers = st.sampled_from([CSS, PNG, GZIPPED, (*CSS, ("cache-control", "no-transform")), ()])
_rules = st.sampled_from([RULES, BOTH, COMPANIONS, OFF])


@pytest.mark.parametrize(("stored", "field", "rules", "expected"), CHOICES.values(), ids=CHOICES)
def test_choice(stored: StoredResponse, field: str | None, rules: CodingRules, expected: Choice) -> None:
    """What is looked for, in this order."""
    assert choose(stored, "a/b.css", field, rules) == expected


@given(stored_responses, _headers, _fields, _fields, _rules)
def test_whatever_depends_on_the_field_is_negotiable(
    base: StoredResponse, headers: tuple[tuple[str, str], ...], one: str | None, other: str | None, rules: CodingRules
) -> None:
    """Two fields that lead to different answers are told apart by caches, because each answer says so."""
    stored = a_response(kind=base.kind, content_length=base.content_length % 6000, headers=headers)
    choice = choose(stored, "a.css", one, rules)
    assert choice.is_negotiable == choose(stored, "a.css", other, rules).is_negotiable
    assert choice.is_negotiable or choice == choose(stored, "a.css", other, rules)


@given(_headers, st.integers(0, 6000), _fields, _rules)
def test_nothing_that_is_refused_is_chosen(
    headers: tuple[tuple[str, str], ...], length: int, field: str | None, rules: CodingRules
) -> None:
    """Neither as variant nor as companion."""
    choice = choose(a_text(length, headers), "a.css", field, rules)
    sent = [*choice.companions, *([choice.variant] if choice.variant else [])]
    assert not [coding for coding in sent if refuses_coding(field, coding)]
