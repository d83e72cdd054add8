"""The header of a body file: what was written is read, and what was damaged is not."""

import json
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st
from unit.cache.responses import a_response, stored_responses

from sidecar.cache.key import CacheKey
from sidecar.cache.stored import StoredResponse
from sidecar.errors import OriginError, OriginNotFound, OriginTimeout, OriginUnavailable
from sidecar.store.layout import (
    BLOCK,
    MAGIC,
    PREFIX,
    SLACK,
    State,
    decode_prefix,
    describe,
    describe_error,
    describe_settled,
    description_of,
    encode_header,
    encode_progress,
    encode_state,
    error_of,
    forward_status_of,
    object_key_of,
    stored_of,
    whole_length,
)

KEY = CacheKey("https://store.example", "site", "key")
OTHER = CacheKey("https://store.example", "site", "other")
PROGRESS = range(24, 32)
"""Bytes that mean nothing in a file that is whole."""


def header_of(stored: StoredResponse, state: State = State.COMPLETE) -> bytes:
    """The header of a file of the key."""
    return encode_header(describe(stored, KEY), state)


def read(header: bytes, key: CacheKey = KEY, body_length: int = 10) -> StoredResponse | None:
    """Read the header of a file with so long a body as the store does: None unless it is whole and the key's."""
    prefix = decode_prefix(header[:BLOCK])
    if prefix is None or prefix.state is not State.COMPLETE:
        return None
    description = description_of(header[: prefix.header_length], prefix)
    stored = None if description is None else stored_of(description, key)
    length = len(header) + whole_length(0, body_length)
    if stored is None or whole_length(prefix.header_length, stored.body_length) != length:
        return None
    return stored


def described(description: bytes) -> bytes:
    """A header that is whole, with any description."""
    return encode_header(description, State.COMPLETE)


HEADER = header_of(a_response())
DESCRIPTION_BYTES = len(HEADER.rstrip(b"\0")) - PREFIX.size
FIELDS = json.loads(HEADER[PREFIX.size : PREFIX.size + DESCRIPTION_BYTES])
LARGEST = 16 * BLOCK - PREFIX.size - SLACK

ERRORS = {
    "not-found": OriginNotFound("no such key"),
    "timeout": OriginTimeout("slow"),
    "unavailable": OriginUnavailable("503"),
    "unavailable-for-a-while": OriginUnavailable("503", retry_after=120),
    "words-of-the-world": OriginTimeout("ü\n\0"),
}

MISFITS = {
    "no-json": b"{",
    "no-utf-8": b"\xff",
    "a-list": b"[]",
    "a-number": b"1",
    "empty": b"",
    "no-fields": b"{}",
    **{
        f"without-{name}": json.dumps(FIELDS | {name: None}).replace(f'"{name}"', '"x"').encode()
        for name in FIELDS
        if name != "object_key"
    },
    "kind-is-unknown": json.dumps({**FIELDS, "kind": "200"}).encode(),
    "length-is-negative": json.dumps({**FIELDS, "content_length": -1}).encode(),
    "tags-are-a-number": json.dumps({**FIELDS, "tags": 1}).encode(),
    "length-is-null": json.dumps({**FIELDS, "content_length": None}).encode(),
    "headers-are-a-number": json.dumps({**FIELDS, "headers": 1}).encode(),
    "header-is-no-pair": json.dumps({**FIELDS, "headers": [["a", "b", "c"]]}).encode(),
}


@given(stored_responses)
def test_what_is_written_is_read(stored: StoredResponse) -> None:
    """Every field of every response comes back, whatever its characters."""
    assert read(header_of(stored), body_length=stored.body_length) == stored


@given(stored_responses)
def test_the_body_begins_at_a_block(stored: StoredResponse) -> None:
    """The length is known from the first block alone, and there is room for a longer description."""
    header = header_of(stored)
    prefix = decode_prefix(header[:BLOCK])
    assert prefix is not None
    assert prefix.header_length == len(header)
    assert len(header) % BLOCK == 0
    assert len(header) >= PREFIX.size + prefix.description_length + SLACK


@pytest.mark.parametrize("size", [0, 3000, 4000, 4096, 8000, 30_000, 60_000])
def test_a_description_may_take_more_than_a_block(size: int) -> None:
    """S3 allows for a lot of metadata."""
    stored = a_response(headers=(("content-disposition", "x" * size),))
    assert read(header_of(stored)) == stored


def test_the_largest_description_fits_and_one_more_byte_does_not() -> None:
    """Sixteen blocks; a bucket that says more than any object's description can hold is refused loudly."""
    assert len(described(b"x" * LARGEST)) == 16 * BLOCK
    with pytest.raises(ValueError, match="does not fit"):
        described(b"x" * (LARGEST + 1))


def test_a_header_is_rewritten_in_its_place() -> None:
    """A new description takes just as much room, or is refused."""
    assert len(encode_header(b"x", State.FAILED, 2 * BLOCK)) == 2 * BLOCK
    with pytest.raises(ValueError, match="does not fit"):
        encode_header(b"x" * BLOCK, State.FAILED, BLOCK)


def test_a_freshened_description_fits() -> None:
    """Instants, ages and a long Cache-Control take no more than the slack."""
    stored = a_response(received_at=1.0)
    longer = a_response(received_at=1_780_000_000.123456, headers=(*stored.headers, ("cache-control", "x" * 300)))
    assert encode_header(describe(longer, KEY), State.COMPLETE, len(header_of(stored)))


@pytest.mark.parametrize("change", [0x01, 0x02, 0x04, 0x08, 0x10, 0x20, 0x40, 0x80, 0xFF], ids=hex)
def test_any_damaged_byte_is_noticed(change: int) -> None:
    """Of magic, lengths, checksum, state and description: none may differ in any bit."""
    for position in range(PREFIX.size + DESCRIPTION_BYTES):
        damaged = bytearray(HEADER)
        damaged[position] ^= change
        assert read(bytes(damaged)) in ({a_response()} if position in PROGRESS else {None}), position


def test_magic_tells_text_mode_and_truncation() -> None:
    """A file that was copied as text, or by a tool that ends at a NUL, is not taken for whole."""
    assert read(HEADER.replace(b"\r\n", b"\n")) is None
    assert read(HEADER.replace(b"\0", b"")) is None


@given(st.integers(0, BLOCK - 1))
def test_a_header_that_was_cut_short_is_noticed(length: int) -> None:
    """Wherever it ends; the file is too short as a whole."""
    assert read(HEADER[:length]) is None


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
    assert read(HEADER, OTHER) is None


def test_a_file_tells_its_object_key() -> None:
    """A purge by prefix reads it there; a description without one has none."""
    assert (object_key_of(FIELDS), object_key_of({})) == ("key", "")


@pytest.mark.parametrize("length", [2**16 + BLOCK, 2**31, 2**32 - BLOCK])
def test_a_length_beyond_all_bounds_is_refused(length: int) -> None:
    """A damaged length does not make anybody read gigabytes."""
    prefix = PREFIX.pack(MAGIC, 2, zlib.crc32(b"{}"), length, State.COMPLETE, 0)
    assert decode_prefix((prefix + b"{}").ljust(BLOCK, b"\0")) is None


@pytest.mark.parametrize("state", State)
def test_a_state_is_written_in_its_place(state: State) -> None:
    """And nothing beside it."""
    header = bytearray(header_of(a_response(), State.FILLING))
    for written, offset in (encode_state(state), encode_progress(2**40 + 7)):
        header[offset : offset + len(written)] = written
    prefix = decode_prefix(bytes(header))
    assert prefix is not None
    assert (prefix.state, prefix.progress) == (state, 2**40 + 7)
    assert description_of(bytes(header), prefix) == FIELDS


def test_an_unknown_state_is_refused() -> None:
    """It is a later version's."""
    prefix = PREFIX.pack(MAGIC, 2, zlib.crc32(b"{}"), BLOCK, 99, 0)
    assert decode_prefix((prefix + b"{}").ljust(BLOCK, b"\0")) is None


@pytest.mark.parametrize("error", ERRORS.values(), ids=ERRORS)
def test_an_error_is_told_as_it_was(error: OriginError) -> None:
    """Its kind, its words, and when to come back."""
    told = error_of(json.loads(describe_error(error)))
    assert (type(told), str(told)) == (type(error), str(error))
    assert getattr(told, "retry_after", None) == getattr(error, "retry_after", None)


@pytest.mark.parametrize("kind", OriginError.__subclasses__())
def test_every_kind_of_error_is_told(kind: type[OriginError]) -> None:
    """None becomes another on its way to a follower."""
    assert type(error_of(json.loads(describe_error(kind("words"))))) is kind


def test_an_error_with_endless_words_is_cut() -> None:
    """It must fit in a block."""
    assert len(encode_header(describe_error(OriginTimeout("x" * 10**6)), State.FAILED)) == BLOCK


@pytest.mark.parametrize("description", [{}, {"error": "SystemExit", "message": "x"}, {"error": 1}])
def test_an_unknown_error_is_an_outage(description: dict[str, object]) -> None:
    """A follower is told something that it can answer with."""
    assert type(error_of(description)) is OriginUnavailable


@pytest.mark.parametrize("status", [304, None])
def test_what_settled_a_fill_is_told(status: int | None) -> None:
    """Whether the bucket was asked."""
    assert forward_status_of(json.loads(describe_settled(status))) == status
