"""What is kept of one path: representations are shared, bounded in number, and closed once."""

import pytest
from unit.cache.responses import a_response
from unit.server.hot import KeptBody, a_head, a_representation, an_entry

from sidecar.server.hot_entry import MAX_BODY_BYTES, MemoryReader

MOST_ENCODINGS = 32


def test_one_representation_suits_several_codings() -> None:
    """It is kept once, and what comes again is closed."""
    entry, readers = an_entry(is_negotiable=True), [KeptBody() for _ in range(3)]
    for coding, reader in zip((None, b"gzip", b"br"), readers, strict=True):
        entry.add(coding, a_representation(reader=reader, size=10))
    assert entry.size == an_entry().size + 10
    assert entry.suiting(None) is entry.suiting(b"gzip") is entry.suiting(b"br")
    assert [reader.is_closed for reader in readers] == [False, True, True]
    entry.close()
    assert readers[0].is_closed


def test_without_negotiation_there_is_one() -> None:
    """Whatever the client accepts."""
    entry, representation = an_entry(), a_representation()
    entry.add(b"gzip", representation)
    assert entry.suiting(None) is entry.suiting(b"br") is representation


def test_clients_do_not_choose_how_many_there_are() -> None:
    """Of what comes beyond the bound nothing is held."""
    entry, readers = an_entry(is_negotiable=True), [KeptBody() for _ in range(MOST_ENCODINGS + 3)]
    for number, reader in enumerate(readers):
        coding = b"%d" % number
        assert entry.wants(coding) is (number < MOST_ENCODINGS)
        entry.add(coding, a_representation(a_response(etag=f'"{number}"'), reader, size=1))
    assert entry.size == an_entry().size + MOST_ENCODINGS
    assert [reader.is_closed for reader in readers] == [False] * MOST_ENCODINGS + [True] * 3


def test_what_is_replaced_is_closed() -> None:
    """Two requests may have made a representation for one Accept-Encoding at the same time."""
    entry, readers = an_entry(is_negotiable=True), [KeptBody() for _ in range(2)]
    for number, reader in enumerate(readers):
        entry.add(b"gzip", a_representation(a_response(etag=f'"{number}"'), reader))
    assert [reader.is_closed for reader in readers] == [True, False]


def test_what_is_replaced_for_one_may_suit_another() -> None:
    """Then it stays open."""
    entry, readers = an_entry(is_negotiable=True), [KeptBody() for _ in range(2)]
    representations = [a_representation(a_response(etag=f'"{at}"'), reader) for at, reader in enumerate(readers)]
    for coding, representation in (
        (b"gzip", representations[0]),
        (b"br", representations[0]),
        (b"gzip", representations[1]),
    ):
        entry.add(coding, representation)
    assert [reader.is_closed for reader in readers] == [False, False]
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
    assert a_representation().is_held(a_head("/a.css", *fields).fields) is is_held


@pytest.mark.parametrize("etag", [None, "", "a"])
def test_what_has_no_etag_is_held_by_nobody(etag: str | None) -> None:
    """RFC 9110 8.8.3: what has no quotes is none, and an empty field names none."""
    representation = a_representation(a_response(etag=etag))
    assert not representation.is_held(a_head("/a.css", f"if-none-match: {etag or ''}").fields)


@pytest.mark.parametrize(("length", "is_too_long"), [(0, False), (MAX_BODY_BYTES, False), (MAX_BODY_BYTES + 1, True)])
def test_what_is_too_long(length: int, *, is_too_long: bool) -> None:
    """A mebibyte is sent at once."""
    assert a_representation(a_response(content_length=length)).is_too_long() is is_too_long


def test_a_body_in_memory() -> None:
    """All of it without a copy, or a part."""
    body = b"0123456789"
    reader = MemoryReader(body)
    assert reader.read_now(0, 10) is body
    assert [reader.read_now(2, 3), reader.read_now(9, 1), reader.read_now(0, 9)] == [b"234", b"9", b"012345678"]
    reader.close()
