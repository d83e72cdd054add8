"""The header of a body file: what was written is read, and what was damaged is not."""

import json
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st
from unit.cache.responses import a_response, stored_responses

from sidecar.cache.stored import StoredResponse
from sidecar.store.body_format import BLOCK, MAGIC, decode_header, encode_header, header_length

DIGEST = "0123456789abcdef" * 4
HEADER = encode_header(a_response(), DIGEST)
PREFIX_BYTES = 16
DESCRIPTION_BYTES = len(HEADER.rstrip(b"\0")) - PREFIX_BYTES


def read(file: bytes, digest: str = DIGEST) -> StoredResponse | None:
    """Read a header as the store does: its length from the first block, then all of it."""
    length = header_length(file[:BLOCK])
    return None if length is None else decode_header(file[:length], digest)


def described(description: bytes) -> bytes:
    """A header that is whole, with any description."""
    prefix = MAGIC + len(description).to_bytes(4, "little") + zlib.crc32(description).to_bytes(4, "little")
    return (prefix + description).ljust(BLOCK, b"\0")


FIELDS = json.loads(HEADER[PREFIX_BYTES : PREFIX_BYTES + DESCRIPTION_BYTES])

MISFITS = {
    "no-json": b"{",
    "no-utf-8": b"\xff",
    "a-list": b"[]",
    "a-number": b"1",
    "empty": b"",
    "no-fields": b"{}",
    **{f"without-{name}": json.dumps(FIELDS | {name: None}).replace(f'"{name}"', '"x"').encode() for name in FIELDS},
    "status-is-text": json.dumps({**FIELDS, "status": "200"}).encode(),
    "length-is-null": json.dumps({**FIELDS, "content_length": None}).encode(),
    "headers-are-a-number": json.dumps({**FIELDS, "headers": 1}).encode(),
    "header-is-no-pair": json.dumps({**FIELDS, "headers": [["a", "b", "c"]]}).encode(),
}


@given(stored_responses)
def test_what_is_written_is_read(stored: StoredResponse) -> None:
    """Every field of every response comes back, whatever its characters."""
    assert read(encode_header(stored, DIGEST)) == stored


@given(stored_responses)
def test_the_body_begins_at_a_block(stored: StoredResponse) -> None:
    """The length is known from the first block alone."""
    header = encode_header(stored, DIGEST)
    assert header_length(header[:BLOCK]) == len(header)
    assert len(header) % BLOCK == 0


@pytest.mark.parametrize("size", [0, 3000, 4000, 4096, 8000, 30_000, 60_000])
def test_a_description_may_take_more_than_a_block(size: int) -> None:
    """S3 allows for a lot of metadata."""
    stored = a_response(headers=(("content-disposition", "x" * size),))
    header = encode_header(stored, DIGEST)
    assert read(header + b"body") == stored
    assert len(header) == -(-(PREFIX_BYTES + DESCRIPTION_BYTES + size) // BLOCK) * BLOCK or size < 4096


def test_the_largest_description_fits_and_one_more_byte_does_not() -> None:
    """Sixteen blocks; a bucket that says more than any object's description can hold is refused loudly."""
    room = 16 * BLOCK - len(encode_header(a_response(etag=""), DIGEST).rstrip(b"\0"))
    largest = a_response(etag="x" * room)
    header = encode_header(largest, DIGEST)
    assert len(header) == 16 * BLOCK
    assert read(header) == largest
    with pytest.raises(ValueError, match="more than 16 blocks"):
        encode_header(a_response(etag="x" * (room + 1)), DIGEST)


@pytest.mark.parametrize("change", [0x01, 0x02, 0x04, 0x08, 0x10, 0x20, 0x40, 0x80, 0xFF], ids=hex)
def test_any_damaged_byte_is_noticed(change: int) -> None:
    """Of magic, length, checksum and description: none may differ in any bit."""
    for position in range(PREFIX_BYTES + DESCRIPTION_BYTES):
        damaged = bytearray(HEADER)
        damaged[position] ^= change
        assert read(bytes(damaged)) is None, position


def test_magic_tells_text_mode_and_truncation() -> None:
    """A file that was copied as text, or by a tool that ends at a NUL, is not taken for whole."""
    assert read(HEADER.replace(b"\r\n", b"\n")) is None
    assert read(HEADER.replace(b"\0", b"")) is None


@given(st.integers(0, BLOCK - 1))
def test_a_header_that_was_cut_short_is_noticed(length: int) -> None:
    """Wherever it ends; only zeroes may be missing, and then the file is too short as a whole."""
    assert read(HEADER[:length]) in ({None} if length < PREFIX_BYTES + DESCRIPTION_BYTES else {a_response()})


@given(st.binary(max_size=2 * BLOCK) | st.binary(max_size=BLOCK).map(lambda noise: MAGIC + noise))
def test_noise_is_no_header(noise: bytes) -> None:
    """Nothing is raised, whatever lies in the directory."""
    assert read(noise) is None


@pytest.mark.parametrize("description", MISFITS.values(), ids=MISFITS)
def test_a_description_that_does_not_fit_is_refused(description: bytes) -> None:
    """A header may be whole and still come from another version, or from somebody else."""
    assert read(described(description)) is None


def test_what_a_later_version_adds_is_ignored() -> None:
    """A field more does not make a file useless."""
    assert read(described(json.dumps({**FIELDS, "colour": "red"}).encode())) == a_response()


def test_another_keys_file_is_refused() -> None:
    """A file under a wrong name would be another object's body."""
    assert read(HEADER, DIGEST[::-1]) is None


@pytest.mark.parametrize("length", [2**16, 2**31, 2**32 - 1])
def test_a_length_beyond_all_bounds_is_refused(length: int) -> None:
    """A damaged length does not make anybody read gigabytes."""
    assert header_length((MAGIC + length.to_bytes(4, "little")).ljust(BLOCK, b"\0")) is None
