"""Values of tags: no character is lost, and none that Akumuli cannot take is left."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.points import unescape

from ops.sinks.escapes import CUT, escape

# Lone surrogates stand for bytes that are not UTF-8: `st.text` leaves them out unless told.
TEXT = st.text(st.characters(exclude_categories=()))
TRICKY = st.lists(st.sampled_from(["_", "__", "#", "__#", "#__", " ", "'", "SPACE", "CUT", "\0", "é"])).map("".join)

ESCAPED = {
    "plain": ("/index.html", b"/index.html"),
    "space": ("a b", b"a__#SPACE#__b"),
    "quote-aborts-the-server": ("it's", b"it__#QUOTE#__s"),
    "line-feed-breaks-the-frame": ("a\nb", b"a__#LF#__b"),
    "carriage-return": ("a\rb", b"a__#CR#__b"),
    "nul-truncates": ("a\0b", b"a__#NUL#__b"),
    "tab": ("a\tb", b"a__#TAB#__b"),
    "other-control-characters": ("\x01\x1b\x7f\x85", b"__#U0001#____#U001B#____#U007F#____#U0085#__"),
    "not-utf-8": ("caf\udce9", b"caf__#UDCE9#__"),
    "fine-in-values": ('=:,|;%&?/"[]{}()', b'=:,|;%&?/"[]{}()'),
    "utf-8": ("/größe/日本", "/größe/日本".encode()),
    "hash-alone": ("a#b_#c", b"a#b_#c"),
    "pretends-to-be-a-token": ("__#SPACE#__", b"____#HASH#__SPACE#__"),
    "hash-behind-a-token": (" #", b"__#SPACE#____#HASH#__"),
    "hash-behind-a-token-and-underscore": (" _#", b"__#SPACE#_____#HASH#__"),
    "empty": ("", b""),
}


@pytest.mark.parametrize(("text", "expected"), ESCAPED.values(), ids=ESCAPED)
def test_escape(text: str, expected: bytes) -> None:
    """Only what Akumuli cannot take is written otherwise."""
    assert escape(text) == expected
    assert unescape(expected.decode()) == text


@given(TEXT | TRICKY)
def test_any_text_comes_back(text: str) -> None:
    """Whatever is escaped can be read, and holds nothing that the server cannot take."""
    escaped = escape(text).decode()
    assert unescape(escaped) == text
    assert not re.search("[ '\\x00-\\x1f\\x7f-\\x9f]", escaped)


@given(TEXT | TRICKY)
def test_tokens_may_be_replaced_one_kind_after_the_other(text: str) -> None:
    """As dashboards do it, in any order as long as HASH comes last."""
    escaped = escape(text).decode()
    for token in sorted(set(re.findall("__#[A-Z0-9]+#__", escaped)), key=lambda token: ("HASH" in token, token)):
        escaped = escaped.replace(token, unescape(token))
    assert escaped == text


@given(TEXT | TRICKY, st.integers(len(CUT), 60))
def test_a_long_value_is_cut(text: str, room: int) -> None:
    """The room is kept, no character and no token is cut in two, and the mark says so."""
    escaped = escape(text, room=room)
    assert len(escaped) <= room
    if escaped != escape(text):
        assert len(escape(text)) > room
        start, mark, rest = unescape(escaped.decode()).rpartition("…")
        assert (text.startswith(start), mark, rest) == (True, "…", "")


def test_the_room_is_used() -> None:
    """Nothing more is cut off than has to be."""
    assert escape("a" * 30, room=30) == b"a" * 30
    assert escape("a" * 31, room=30) == b"a" * 21 + CUT.encode()
    assert escape("é" * 30, room=30) == "é".encode() * 10 + CUT.encode()
