"""Text as the value of a tag: what Akumuli cannot take is written as a word between `__#` and `#__`. Pure.

A space, a quote, a control character and what is not UTF-8 become tokens, so does a `#` that would follow two
underscores: thus every `__#` begins a token, and no text can pretend to hold one.
"""

import re
from collections.abc import Iterator

CUT = "__#CUT#__"
"""At the end of a value that was longer."""

_WORDS = {" ": "SPACE", "'": "QUOTE", "\t": "TAB", "\n": "LF", "\r": "CR", "\0": "NUL", "#": "HASH"}
# Lone surrogates stand for bytes that were not UTF-8.
_SPECIAL = re.compile("[ '\\x00-\\x1f\\x7f-\\x9f\\ud800-\\udfff]")
_SUSPECT = re.compile(f"__#|{_SPECIAL.pattern}")


def escape(text: str, room: int | None = None) -> bytes:
    """The text in UTF-8 with its tokens; of at most `room` bytes, `CUT` at its end where that was too few for it."""
    whole = (text if _SUSPECT.search(text) is None else "".join(_units(text))).encode()
    return whole if room is None or len(whole) <= room else _cut(text, room)


def _units(text: str) -> Iterator[str]:
    tail = ""
    for character in text:
        is_special = _SPECIAL.match(character) or (character == "#" and tail == "__")
        unit = _token(character) if is_special else character
        tail = (tail + unit)[-2:]
        yield unit


def _token(character: str) -> str:
    return f"__#{_WORDS.get(character) or f'U{ord(character):04X}'}#__"


def _cut(text: str, room: int) -> bytes:
    kept, left = [], room - len(CUT)
    for unit in map(str.encode, _units(text)):
        left -= len(unit)
        if left < 0:
            break
        kept.append(unit)
    return b"".join(kept) + CUT.encode()
