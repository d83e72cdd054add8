"""Byte ranges: RFC 9110 14."""

import re
from dataclasses import dataclass
from enum import Enum
from typing import Final, TypeAlias

_RANGE_SPEC: Final = re.compile("([0-9]*)-([0-9]*)")
_MAX_DIGITS: Final = 18
_PLAIN: Final = re.compile(b"bytes=([0-9]{1,%d})-([0-9]{0,%d})" % (_MAX_DIGITS, _MAX_DIGITS))
_BEYOND_ANY_OBJECT: Final = 10**_MAX_DIGITS


@dataclass(frozen=True, slots=True)
class ByteRange:
    """Bytes `start` up to, but without, `stop`. Raises ValueError when that is none."""

    start: int
    stop: int

    def __post_init__(self) -> None:
        if not 0 <= self.start < self.stop:
            raise ValueError(f"no bytes between {self.start} and {self.stop}")

    @property
    def length(self) -> int:
        """Count the bytes."""
        return self.stop - self.start

    def content_range(self, complete_length: int) -> str:
        """Write Content-Range for a 206 from a representation of so many bytes (RFC 9110 14.4)."""
        return f"bytes {self.start}-{self.stop - 1}/{complete_length}"


class Unsatisfiable(Enum):
    """The type of `UNSATISFIABLE`; an enum of one member, so that `is` narrows the type."""

    UNSATISFIABLE = "unsatisfiable"


UNSATISFIABLE: Final = Unsatisfiable.UNSATISFIABLE
"""None of the ranges has a byte in the representation: 416."""

RangeSelection: TypeAlias = tuple[ByteRange, ...] | Unsatisfiable | None
"""Ranges to send, one at least, in the order of the request; or 416; or None: answer as if there were no Range."""


def select_ranges(value: str | None, *, length: int, limit: int = 1) -> RangeSelection:
    """Choose what a Range field asks for from a representation of `length` bytes (RFC 9110 14.1.2, 14.2).

    None when the field is absent or to be ignored: malformed in any part, of another unit, or with more than `limit`
    ranges. Unsatisfiable ranges among satisfiable ones are dropped. Of no bytes nothing can be sent: a `length` of 0
    is unsatisfiable, by a suffix too. Ranges are neither merged (see `coalesce`) nor sorted. Takes time linear in the
    value.
    """
    specs = _specs(value, limit)
    if not specs or not all(map(_is_well_formed, specs)):
        return None
    selected = (_resolve(first, last, length) for first, last in specs)
    return tuple(chosen for chosen in selected if chosen) or UNSATISFIABLE


def plain_range(value: bytes, length: int) -> tuple[int, int] | None:
    """Where one range begins, and up to where it goes, as nearly everybody sends it; None for all others.

    It has a first and perhaps a last position, and begins within the representation of `length` bytes. This is what
    `select_ranges` would say, in a fraction of its time.
    """
    plain = _PLAIN.fullmatch(value)
    if plain is None:
        return None
    first, last = plain.groups()
    start, stop = int(first), min(int(last) + 1, length) if last else length
    return (start, stop) if start < stop else None


def coalesce(ranges: tuple[ByteRange, ...]) -> tuple[ByteRange, ...]:
    """Join ranges that overlap or adjoin, so that no byte is sent twice (RFC 9110 14.2, 15.3.7.2).

    The order stays that of the request: a joined range stands where the first of those that it is made of stood.
    """
    joined: list[tuple[int, ByteRange]] = []
    for place, chosen in sorted(enumerate(ranges), key=lambda ranked: ranked[1].start):
        if joined and chosen.start <= joined[-1][1].stop:
            first_place, before = joined[-1]
            joined[-1] = min(first_place, place), ByteRange(before.start, max(before.stop, chosen.stop))
        else:
            joined.append((place, chosen))
    return tuple(chosen for _, chosen in sorted(joined, key=lambda ranked: ranked[0]))


def unsatisfied_content_range(length: int) -> str:
    """Write Content-Range for a 416 from a representation of so many bytes (RFC 9110 14.4)."""
    return f"bytes */{length}"


def _specs(value: str | None, limit: int) -> list[tuple[str, str]]:
    """Take a Range apart into pairs of digits, either may be empty; [] when the field is to be ignored."""
    unit, _, range_set = (value or "").strip(" \t").partition("=")
    members = [member for part in range_set.split(",") if (member := part.strip(" \t"))]
    if unit.lower() != "bytes" or len(members) > limit:
        return []
    matches = [_RANGE_SPEC.fullmatch(member) for member in members]
    return [("", "") if match is None else (match[1], match[2]) for match in matches]


def _is_well_formed(spec: tuple[str, str]) -> bool:
    """Refuse a range with neither end, and one that ends before it starts (RFC 9110 14.1.1)."""
    first, last = (digits.lstrip("0") for digits in spec)
    # Digits compare as numbers do when the longer one is the greater: no conversion, whatever their count.
    is_backward = all(spec) and (len(first), first) > (len(last), last)
    return any(spec) and not is_backward


def _resolve(first: str, last: str, length: int) -> ByteRange | None:
    """Clip a well-formed range to the representation; None when nothing is left of it (RFC 9110 14.1.2)."""
    if first:
        start, stop = _position(first), _position(last) + 1 if last else length
    else:
        start, stop = max(0, length - _position(last)), length
    stop = min(stop, length)
    return ByteRange(start, stop) if start < stop else None


def _position(digits: str) -> int:
    """Convert digits, in bounded time: what is longer than any object's length only has to stay longer."""
    significant = digits.lstrip("0") or "0"
    return int(significant) if len(significant) <= _MAX_DIGITS else _BEYOND_ANY_OBJECT
