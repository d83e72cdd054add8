"""Several ranges in one answer: RFC 9110 14.6 and 15.3.7.2, read back by the standard library's own parser."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.byteranges import Part, parts_of

from sidecar.http.multipart import (
    BOUNDARY_LENGTH,
    closing_delimiter,
    multipart_length,
    multipart_type,
    part_head,
)
from sidecar.http.ranges import ByteRange, coalesce

BOUNDARY = "0123456789abcdef" * (BOUNDARY_LENGTH // 16)


@st.composite
def _bodies_and_ranges(draw: st.DrawFn) -> tuple[bytes, tuple[ByteRange, ...]]:
    """A body, and ranges of it that are apart; what looks like framing is in it more often than by chance."""
    pieces = st.binary(max_size=30) | st.sampled_from(
        [b"\r\n", b"--", b"\r\n--", b"Content-Range: bytes 0-0/1\r\n\r\n"]
    )
    body = b"".join(draw(st.lists(pieces, min_size=2, max_size=20))) + b"x"
    ends = st.tuples(st.integers(0, len(body) - 1), st.integers(1, len(body)))
    ranges = draw(st.lists(ends.filter(lambda pair: pair[0] < pair[1]), min_size=1, max_size=5))
    return body, coalesce(tuple(ByteRange(*pair) for pair in ranges))


def _message(body: bytes, ranges: tuple[ByteRange, ...], media_type: str) -> bytes:
    """The answer's body, put together as it is sent."""
    parts = (
        part_head(chosen, len(body), media_type=media_type, boundary=BOUNDARY) + body[chosen.start : chosen.stop]
        for chosen in ranges
    )
    return b"".join(parts) + closing_delimiter(BOUNDARY)


@given(_bodies_and_ranges(), st.sampled_from(["text/html; charset=utf-8", "application/octet-stream"]))
def test_a_parser_gets_the_slices(drawn: tuple[bytes, tuple[ByteRange, ...]], media_type: str) -> None:
    """Each part is exactly its range, says which that is and what it is; the length is right to the byte."""
    body, ranges = drawn
    message = _message(body, ranges, media_type)
    assert parts_of(message, multipart_type(BOUNDARY)) == [
        Part(chosen.content_range(len(body)), media_type, body[chosen.start : chosen.stop]) for chosen in ranges
    ]
    assert multipart_length(ranges, len(body), media_type=media_type) == len(message)


def test_head_of_a_part() -> None:
    """A delimiter on a line of its own, both headers, and an empty line (RFC 9110 15.3.7.2)."""
    head = part_head(ByteRange(500, 1000), 8000, media_type="application/pdf", boundary="THIS_STRING_SEPARATES")
    assert head == (
        b"\r\n--THIS_STRING_SEPARATES\r\nContent-Type: application/pdf\r\nContent-Range: bytes 500-999/8000\r\n\r\n"
    )


def test_end() -> None:
    """The last delimiter has two hyphens more (RFC 2046 5.1.1)."""
    assert closing_delimiter("THIS_STRING_SEPARATES") == b"\r\n--THIS_STRING_SEPARATES--\r\n"


def test_media_type() -> None:
    """The type of the message names the boundary, which needs no quotes (RFC 9110 14.6)."""
    assert multipart_type("a1") == "multipart/byteranges; boundary=a1"


@pytest.mark.parametrize("media_type", ["text/plain; charset=grün", "text/\udce4"])
def test_an_odd_media_type_is_written_as_it_came(media_type: str) -> None:
    """Bytes beyond ASCII come through, and are counted as bytes."""
    head = part_head(ByteRange(0, 1), 1, media_type=media_type, boundary=BOUNDARY)
    assert media_type.encode(errors="surrogateescape") in head
    message = head + b"x" + closing_delimiter(BOUNDARY)
    assert multipart_length((ByteRange(0, 1),), 1, media_type=media_type) == len(message)
