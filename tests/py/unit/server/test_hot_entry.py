"""What is kept of one path: representations are shared, bounded in number, and closed once."""

import pytest
from unit.cache.responses import a_response
from unit.server.hot import KeptBody, a_head, a_representation, an_entry

from sidecar.server.hot_entry import MemoryBody

MOST_ENCODINGS = 32


def test_one_representation_suits_several_codings() -> None:
    """It is kept once, and what comes again is closed."""
    entry, bodies = an_entry(is_negotiable=True), [KeptBody() for _ in range(3)]
    for coding, body in zip((None, b"gzip", b"br"), bodies, strict=True):
        entry.add(coding, a_representation(body=body, size=10))
    assert entry.size == an_entry().size + 10
    assert entry.suiting(None) is entry.suiting(b"gzip") is entry.suiting(b"br")
    assert [body.is_closed for body in bodies] == [False, True, True]
    entry.close()
    assert bodies[0].is_closed


def test_without_negotiation_there_is_one() -> None:
    """Whatever the client accepts."""
    entry, representation = an_entry(), a_representation()
    entry.add(b"gzip", representation)
    assert entry.suiting(None) is entry.suiting(b"br") is representation


def test_clients_do_not_choose_how_many_there_are() -> None:
    """Of what comes beyond the bound nothing is held."""
    entry, bodies = an_entry(is_negotiable=True), [KeptBody() for _ in range(MOST_ENCODINGS + 3)]
    for number, body in enumerate(bodies):
        coding = b"%d" % number
        assert entry.wants(coding) is (number < MOST_ENCODINGS)
        entry.add(coding, a_representation(a_response(etag=f'"{number}"'), body, size=1))
    assert entry.size == an_entry().size + MOST_ENCODINGS
    assert [body.is_closed for body in bodies] == [False] * MOST_ENCODINGS + [True] * 3


def test_what_is_replaced_is_closed() -> None:
    """Two requests may have made a representation for one Accept-Encoding at the same time."""
    entry, bodies = an_entry(is_negotiable=True), [KeptBody() for _ in range(2)]
    for number, body in enumerate(bodies):
        entry.add(b"gzip", a_representation(a_response(etag=f'"{number}"'), body))
    assert [body.is_closed for body in bodies] == [True, False]


def test_what_is_replaced_for_one_may_suit_another() -> None:
    """Then it stays open."""
    entry, bodies = an_entry(is_negotiable=True), [KeptBody() for _ in range(2)]
    representations = [a_representation(a_response(etag=f'"{at}"'), body) for at, body in enumerate(bodies)]
    for coding, representation in (
        (b"gzip", representations[0]),
        (b"br", representations[0]),
        (b"gzip", representations[1]),
    ):
        entry.add(coding, representation)
    assert [body.is_closed for body in bodies] == [False, False]
    assert entry.suiting(b"br") is representations[0]


@pytest.mark.parametrize(
    ("fields", "is_held"),
    [
        ((), False),
        (('if-none-match: "a"',), True),
        (('if-none-match:   "a" ',), True),
        (('if-none-match: W/"a"',), False),
        (('if-none-match: "b"',), False),
        (('if-none-match: "b", "a"',), False),
        (("if-none-match: *",), False),
        (('if-none-match: "a"', "if-modified-since: x"), True),
        (('if-none-match: "a"', "range: bytes=0-0"), False),
        (('if-none-match: "a"', 'if-match: "a"'), False),
        (('if-none-match: "a"', "if-unmodified-since: x"), False),
        (('if-none-match: "a"', 'if-range: "a"'), False),
    ],
)
def test_who_surely_has_it(fields: tuple[str, ...], *, is_held: bool) -> None:
    """RFC 9110 13.2.2: only If-None-Match with this very ETag, which If-Modified-Since does not change."""
    assert a_representation().is_held(a_head("/a.css", *fields)) is is_held


@pytest.mark.parametrize("etag", [None, "", "a"])
def test_what_has_no_etag_is_held_by_nobody(etag: str | None) -> None:
    """RFC 9110 8.8.3: what has no quotes is none, and an empty field names none."""
    representation = a_representation(a_response(etag=etag))
    assert not representation.is_held(a_head("/a.css", f"if-none-match: {etag or ''}"))


def test_a_body_in_memory() -> None:
    """All of it without a copy, or a part."""
    text = b"0123456789"
    body = MemoryBody(text)
    assert body.content(0, 10) is text
    assert [body.content(2, 5), body.content(9, 10), body.content(0, 9)] == [b"234", b"9", b"012345678"]
    body.close()
