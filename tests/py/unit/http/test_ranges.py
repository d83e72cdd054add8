"""Byte ranges, from RFC 9110 14."""

from typing import assert_type

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sidecar.http.ranges import (
    UNSATISFIABLE,
    ByteRange,
    RangeSelection,
    coalesce,
    plain_range,
    select_ranges,
    unsatisfied_content_range,
)

HUGE = "9" * 100_000

ONE = {
    "rfc9110-14.1.2-first-500": ("bytes=0-499", 10_000, ByteRange(0, 500)),
    "rfc9110-14.1.2-second-500": ("bytes=500-999", 10_000, ByteRange(500, 1000)),
    "rfc9110-14.1.2-final-500": ("bytes=-500", 10_000, ByteRange(9500, 10_000)),
    "rfc9110-14.1.2-from-9500": ("bytes=9500-", 10_000, ByteRange(9500, 10_000)),
    "rfc9110-14.1.2-first-byte": ("bytes=0-0", 10_000, ByteRange(0, 1)),
    "rfc9110-14.1.2-last-byte": ("bytes=-1", 10_000, ByteRange(9999, 10_000)),
    "rfc9110-14.1.2-last-pos-is-the-last": ("bytes=0-9", 10, ByteRange(0, 10)),
    "rfc9110-14.1.2-last-pos-beyond": ("bytes=5-10", 10, ByteRange(5, 10)),
    "rfc9110-14.1.2-last-pos-absurd": (f"bytes=5-{HUGE}", 10, ByteRange(5, 10)),
    "rfc9110-14.1.2-suffix-is-all": ("bytes=-10", 10, ByteRange(0, 10)),
    "rfc9110-14.1.2-suffix-longer": ("bytes=-11", 10, ByteRange(0, 10)),
    "rfc9110-14.1.2-suffix-absurd": (f"bytes=-{HUGE}", 10, ByteRange(0, 10)),
    "rfc9110-14.1.2-leading-zeros": ("bytes=" + "0" * 30 + "1-" + "0" * 40 + "2", 10, ByteRange(1, 3)),
    "rfc9110-14.1.1-unit-any-case": ("ByTeS=0-4", 10, ByteRange(0, 5)),
    "rfc9110-5.6.1-empty-members": ("bytes=, ,0-4\t,", 10, ByteRange(0, 5)),
    "rfc9110-5.5-outer-whitespace": (" bytes=0-4\t", 10, ByteRange(0, 5)),
    "rfc9110-14.1.2-five-terabytes": ("bytes=5497558138879-", 5 * 2**40, ByteRange(5 * 2**40 - 1, 5 * 2**40)),
}

IGNORED = {
    "rfc9110-14.2-absent": None,
    "rfc9110-14.1.1-empty": "",
    "rfc9110-14.1.1-no-equals": "bytes",
    "rfc9110-14.1.1-no-ranges": "bytes=",
    "rfc9110-14.1.1-only-commas": "bytes=,,",
    "rfc9110-14.2-other-unit": "lines=0-4",
    "rfc9110-14.2-no-unit": "=0-4",
    "rfc9110-14.1.1-space-before-equals": "bytes =0-4",
    "rfc9110-14.1.1-colon": "bytes: 0-4",
    "rfc9110-14.1.1-lone-dash": "bytes=-",
    "rfc9110-14.1.1-one-number": "bytes=5",
    "rfc9110-14.1.1-last-before-first": "bytes=5-4",
    "rfc9110-14.1.1-last-before-first-beyond-the-end": "bytes=500-400",
    "rfc9110-14.1.1-last-before-first-absurd": f"bytes=1{HUGE}-{HUGE}",
    "rfc9110-14.1.1-last-zero-before-first": "bytes=1-000",
    "rfc9110-14.1.1-two-dashes": "bytes=0-1-2",
    "rfc9110-14.1.1-negative": "bytes=--5",
    "rfc9110-14.1.1-plus": "bytes=+0-4",
    "rfc9110-14.1.1-spaces-inside": "bytes=0 - 4",
    "rfc9110-14.1.1-letters": "bytes=a-b",
    "rfc9110-14.1.1-hexadecimal": "bytes=0x0-0x4",
    "rfc9110-14.1.1-underscore": "bytes=0-1_0",
    "rfc9110-14.1.1-other-digits": "bytes=\u0660-\u0664",
    "rfc9110-14.1.1-newline": "bytes=0-4\n",
    "rfc9110-14.2-two-when-one-is-allowed": "bytes=0-1,2-3",
}

UNSATISFIABLE_ROWS = {
    "rfc9110-14.1.2-first-pos-at-the-end": ("bytes=10-", 10),
    "rfc9110-14.1.2-first-pos-at-the-end-closed": ("bytes=10-10", 10),
    "rfc9110-14.1.2-first-pos-absurd": (f"bytes={HUGE}-", 10),
    "rfc9110-14.1.2-both-absurd": (f"bytes={HUGE}-{HUGE}", 10),
    "rfc9110-14.1.2-suffix-zero": ("bytes=-0", 10),
    "rfc9110-14.1.2-suffix-zeros": ("bytes=-000", 10),
    "rfc9110-14.1.2-empty-representation": ("bytes=0-", 0),
    "rfc9110-14.1.2-empty-representation-closed": ("bytes=0-0", 0),
    "rfc9110-14.1.2-empty-representation-suffix": ("bytes=-5", 0),
}

SEVERAL: dict[str, tuple[str, RangeSelection]] = {
    "rfc9110-14.1.2-first-and-last-byte": ("bytes=0-0,-1", (ByteRange(0, 1), ByteRange(9, 10))),
    "rfc9110-14.1.2-first-middle-last": (
        "bytes= 0-1, 4-5, -2",
        (ByteRange(0, 2), ByteRange(4, 6), ByteRange(8, 10)),
    ),
    "rfc9110-14.2-order-of-the-request": ("bytes=5-6,0-1", (ByteRange(5, 7), ByteRange(0, 2))),
    "rfc9110-14.2-overlapping-stay": ("bytes=0-5,3-7", (ByteRange(0, 6), ByteRange(3, 8))),
    "rfc9110-14.1.2-unsatisfiable-dropped": ("bytes=0-1,10-,-0", (ByteRange(0, 2),)),
    "rfc9110-14.1.2-all-unsatisfiable": ("bytes=10-,-0", UNSATISFIABLE),
    "rfc9110-14.2-one-malformed": ("bytes=0-1,x", None),
    "rfc9110-14.2-one-backward": ("bytes=0-1,5-4", None),
    "rfc9110-14.2-more-than-the-limit": ("bytes=0-0,1-1,2-2,3-3", None),
    "rfc9110-14.2-empty-members-are-not-counted": ("bytes=0-0,,,,1-1", (ByteRange(0, 1), ByteRange(1, 2))),
}

COALESCED = {
    "rfc9110-15.3.7.2-apart": ([(0, 2), (4, 6)], [(0, 2), (4, 6)]),
    "rfc9110-15.3.7.2-apart-by-one-byte": ([(0, 2), (3, 6)], [(0, 2), (3, 6)]),
    "rfc9110-15.3.7.2-adjacent": ([(0, 2), (2, 6)], [(0, 6)]),
    "rfc9110-15.3.7.2-overlapping": ([(0, 4), (2, 6)], [(0, 6)]),
    "rfc9110-15.3.7.2-inside": ([(0, 9), (2, 6)], [(0, 9)]),
    "rfc9110-15.3.7.2-the-same": ([(2, 6), (2, 6), (2, 6)], [(2, 6)]),
    "rfc9110-15.3.7.2-descending-and-adjacent": ([(4, 6), (2, 4), (0, 2)], [(0, 6)]),
    "rfc9110-15.3.7.2-joined-by-a-third": ([(0, 3), (6, 9), (2, 7)], [(0, 9)]),
    "rfc9110-15.3.7.2-order-of-the-request": ([(8, 9), (0, 2), (4, 6)], [(8, 9), (0, 2), (4, 6)]),
    "rfc9110-15.3.7.2-joined-stands-where-its-first-stood": ([(6, 8), (0, 2), (8, 9)], [(6, 9), (0, 2)]),
    "rfc9110-15.3.7.2-one": ([(3, 4)], [(3, 4)]),
}

WRITTEN = {
    "rfc9110-14.4-first": (ByteRange(0, 10), 100, "bytes 0-9/100"),
    "rfc9110-14.4-example": (ByteRange(42, 1234), 1234, "bytes 42-1233/1234"),
    "rfc9110-14.4-one-byte": (ByteRange(0, 1), 1, "bytes 0-0/1"),
}


@pytest.mark.parametrize(("value", "length", "expected"), ONE.values(), ids=ONE)
def test_one_range(value: str, length: int, expected: ByteRange) -> None:
    """A satisfiable range is clipped to the representation."""
    assert select_ranges(value, length=length) == (expected,)


@pytest.mark.parametrize("value", IGNORED.values(), ids=IGNORED)
def test_ignored(value: str | None) -> None:
    """What is malformed, of another unit or too much is ignored, whatever the length."""
    assert select_ranges(value, length=10) is None
    assert select_ranges(value, length=0) is None


@pytest.mark.parametrize(("value", "length"), UNSATISFIABLE_ROWS.values(), ids=UNSATISFIABLE_ROWS)
def test_unsatisfiable(value: str, length: int) -> None:
    """A well-formed range without a byte in the representation is 416."""
    assert select_ranges(value, length=length) is UNSATISFIABLE


@pytest.mark.parametrize(("value", "expected"), SEVERAL.values(), ids=SEVERAL)
def test_several_ranges(value: str, expected: RangeSelection) -> None:
    """Up to the limit, ranges come in the order of the request."""
    assert select_ranges(value, length=10, limit=3) == expected


@pytest.mark.parametrize(("given_ranges", "expected"), COALESCED.values(), ids=COALESCED)
def test_coalesce(given_ranges: list[tuple[int, int]], expected: list[tuple[int, int]]) -> None:
    """What overlaps or adjoins is one range; all others, and their order, stay."""
    joined = coalesce(tuple(ByteRange(*pair) for pair in given_ranges))
    assert [(chosen.start, chosen.stop) for chosen in joined] == expected


@given(st.lists(st.tuples(st.integers(0, 50), st.integers(1, 20)), min_size=1, max_size=16))
def test_coalescing_keeps_the_bytes(spans: list[tuple[int, int]]) -> None:
    """Exactly the bytes that were asked for are sent, each once, and first what was asked for first."""
    ranges = tuple(ByteRange(start, start + length) for start, length in spans)
    joined = coalesce(ranges)
    sent = [position for chosen in joined for position in range(chosen.start, chosen.stop)]
    assert len(sent) == len(set(sent))
    assert set(sent) == {position for chosen in ranges for position in range(chosen.start, chosen.stop)}
    assert ranges[0].start in range(joined[0].start, joined[0].stop)
    assert coalesce(joined) == joined


@pytest.mark.parametrize("unit", ["0-0,", ",", "-", "0", "0-", " ", "=", "bytes="])
def test_select_is_linear(unit: str) -> None:
    """A megabyte of any shape is ignored at once."""
    assert select_ranges("bytes=" + unit * (1_000_000 // len(unit)), length=10) is None


def test_selection_narrows() -> None:
    """The three results can be told apart by identity, and the type checker knows it."""
    selection = select_ranges("bytes=3-4", length=10)
    assert selection is not None
    assert selection is not UNSATISFIABLE
    assert_type(selection, tuple[ByteRange, ...])
    assert selection[0].length == 2


@pytest.mark.parametrize(("chosen", "complete", "expected"), WRITTEN.values(), ids=WRITTEN)
def test_content_range(chosen: ByteRange, complete: int, expected: str) -> None:
    """Content-Range names the unit, both ends inclusive, and the whole length."""
    assert chosen.content_range(complete) == expected


@pytest.mark.parametrize(("length", "expected"), [(0, "bytes */0"), (1234, "bytes */1234")])
def test_unsatisfied_content_range(length: int, expected: str) -> None:
    """A 416 names the unit and the length (RFC 9110 14.4)."""
    assert unsatisfied_content_range(length) == expected


@pytest.mark.parametrize(("start", "stop"), [(0, 0), (5, 5), (5, 4), (-1, 3)])
def test_byte_range_has_bytes(start: int, stop: int) -> None:
    """A range of no bytes, or from before the first, is a mistake of the caller."""
    with pytest.raises(ValueError, match="no bytes"):
        ByteRange(start, stop)


@given(st.integers(0, 10**15), st.integers(1, 10**6), st.integers(0, 10**6))
def test_closed_range_round_trip(start: int, count: int, rest: int) -> None:
    """A range inside of the representation is selected exactly."""
    selection = select_ranges(f"bytes={start}-{start + count - 1}", length=start + count + rest)
    assert selection == (ByteRange(start, start + count),)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (b"bytes=0-499", (0, 500)),
        (b"bytes=500-", (500, 1000)),
        (b"bytes=999-5000", (999, 1000)),
        (b"bytes=0-0", (0, 1)),
        (b"bytes=007-008", (7, 9)),
        (b"bytes=1000-1000", None),
        (b"bytes=5-4", None),
        (b"bytes=-500", None),
        (b"bytes=-", None),
        (b"bytes=0-1,5-6", None),
        (b"bytes=0-1 ", None),
        (b"Bytes=0-1", None),
        (b"bytes=0-" + b"9" * 19, None),
        (b"", None),
    ],
)
def test_plain_range(value: bytes, expected: tuple[int, int] | None) -> None:
    """One with its first position inside of the representation; all else is left to who takes longer."""
    assert plain_range(value, 1000) == expected


@given(st.from_regex(rb"[Bb]ytes=[0-9]{0,20}-[0-9]{0,20}\n?", fullmatch=True), st.integers(0, 10**6))
def test_what_is_plain_is_selected(value: bytes, length: int) -> None:
    """Both say the same."""
    plain = plain_range(value, length)
    if plain is not None:
        assert select_ranges(value.decode(), length=length) == (ByteRange(*plain),)


@given(st.text("0123456789-,= ") | st.text(), st.integers(0, 10**6), st.integers(0, 4))
def test_select_never_raises(ranges: str, length: int, limit: int) -> None:
    """Any text gives no more than `limit` ranges, all inside of the representation."""
    selection = select_ranges(f"bytes={ranges}", length=length, limit=limit)
    if selection is not None and selection is not UNSATISFIABLE:
        assert 0 < len(selection) <= limit
        assert all(0 <= chosen.start < chosen.stop <= length for chosen in selection)
