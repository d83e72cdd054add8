"""Checksums of bodies: an altered byte is never given out, and what was found right is not read again."""

import os
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from unit.cache.responses import a_response
from unit.store.directory import TURN, file_bodies

from sidecar.cache.key import CacheKey
from sidecar.cache.stored import StoredResponse
from sidecar.errors import BodyLost
from sidecar.store.bodies import FileBodies
from sidecar.store.checksums import BLOCK, ChecksumTable, Verification, table_length
from sidecar.store.layout import BLOCK as HEADER

KEY = CacheKey("https://store.example", "site", "key")
BODY = bytes(range(256)) * (BLOCK // 256) * 2 + b"the end"
STORED = a_response(content_length=len(BODY))


@asynccontextmanager
async def stored_body(directory: Path, body: bytes = BODY) -> AsyncIterator[tuple[FileBodies, Path, StoredResponse]]:
    """A directory with a body, its file, and its metadata."""
    bodies, stored = file_bodies(directory), a_response(content_length=len(body))
    part, _ = await bodies.claim(KEY, TURN)
    await part.begin(stored)
    await part.write(body)
    await part.commit()
    part.close()
    try:
        yield bodies, directory / KEY.digest, stored
    finally:
        bodies.close()


def alter(path: Path, position: int) -> None:
    """Flip one bit of one byte of the file."""
    descriptor = os.open(path, os.O_RDWR)
    (byte,) = os.pread(descriptor, 1, position)
    os.pwrite(descriptor, bytes([byte ^ 1]), position)
    os.close(descriptor)


async def read(bodies: FileBodies, offset: int, size: int) -> bytes:
    """Open the body and read a part of it."""
    reader = await bodies.open(KEY, STORED)
    assert reader is not None
    try:
        return await reader.read(offset, size)
    finally:
        reader.close()


@pytest.mark.parametrize("position", [0, 1, BLOCK - 1, BLOCK, 2 * BLOCK - 1, 2 * BLOCK, len(BODY) - 1])
async def test_an_altered_byte_is_never_given_out(tmp_path: Path, position: int) -> None:
    """Nothing of its block is, however small the part that is asked for; the other blocks are."""
    async with stored_body(tmp_path) as (bodies, path, _):
        alter(path, HEADER + position)
        block = position // BLOCK
        for offset in (block * BLOCK, position, min(len(BODY), (block + 1) * BLOCK) - 1):
            with pytest.raises(BodyLost):
                await read(bodies, offset, 1)
        with pytest.raises(BodyLost):
            await read(bodies, 0, len(BODY))
        others = [start for start in range(0, len(BODY), BLOCK) if start // BLOCK != block]
        assert [await read(bodies, start, 9) for start in others] == [BODY[start : start + 9] for start in others]


@pytest.mark.parametrize("number", range(3))
async def test_an_altered_checksum_gives_out_nothing(tmp_path: Path, number: int) -> None:
    """Nobody can tell which of the two was altered."""
    async with stored_body(tmp_path) as (bodies, path, _):
        alter(path, HEADER + len(BODY) + 4 * number)
        with pytest.raises(BodyLost):
            await read(bodies, number * BLOCK, 1)


@settings(max_examples=30, deadline=None)
@given(st.integers(0, len(BODY) - 1), st.integers(0, len(BODY) - 1), st.integers(1, BLOCK + 9))
async def test_what_is_given_out_is_right(position: int, offset: int, size: int) -> None:
    """Wherever a byte was altered, and whatever part is asked for."""
    with tempfile.TemporaryDirectory() as directory:
        async with stored_body(Path(directory)) as (bodies, path, _):
            alter(path, HEADER + position)
            try:
                assert await read(bodies, offset, size) == BODY[offset : offset + size]
            except BodyLost:
                assert offset // BLOCK <= position // BLOCK <= (offset + size - 1) // BLOCK


async def test_a_block_is_verified_once(tmp_path: Path) -> None:
    """A second reader of the unchanged file relies on the first; a touched file is verified anew."""
    async with stored_body(tmp_path) as (bodies, path, _):
        await read(bodies, 0, len(BODY))
        times = path.stat()
        alter(path, HEADER)
        os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))
        assert (await read(bodies, 0, 1)) != BODY[:1]
        os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns + 1))
        with pytest.raises(BodyLost):
            await read(bodies, 0, 1)


async def test_freshening_keeps_the_verification(tmp_path: Path) -> None:
    """The body was not written to: a 304 does not make anybody read it again."""
    async with stored_body(tmp_path) as (bodies, path, stored):
        await read(bodies, 0, len(BODY))
        before = path.stat()
        fresh = a_response(content_length=stored.content_length, received_at=stored.received_at + 100)
        await bodies.freshen(KEY, fresh)
        after = path.stat()
        assert await bodies.find(KEY) == fresh
        assert (after.st_ino, after.st_size, after.st_mtime_ns) == (before.st_ino, before.st_size, before.st_mtime_ns)
        assert await read(bodies, 0, 9) == BODY[:9]


async def test_freshening_another_body_changes_nothing(tmp_path: Path) -> None:
    """A sibling has stored a newer one meanwhile; or there is none any more."""
    async with stored_body(tmp_path) as (bodies, path, stored):
        await bodies.freshen(KEY, a_response(content_length=stored.content_length, identity="another"))
        assert await bodies.find(KEY) == stored
        path.unlink()
        await bodies.freshen(KEY, stored)
        assert await bodies.find(KEY) is None


@given(st.lists(st.integers(0, BLOCK), max_size=6))
def test_the_table_does_not_depend_on_the_pieces(sizes: list[int]) -> None:
    """However the body came."""
    body, table = BODY[: sum(sizes)], ChecksumTable()
    position = 0
    for size in sizes:
        table.add(body[position : position + size])
        position += size
    encoded = table.encode()
    assert len(encoded) == table_length(len(body))
    verification = Verification(encoded, len(body))
    blocks = range(-(-len(body) // BLOCK))
    assert verification.unverified(0, len(body) + 1) == list(blocks)
    assert all(verification.verify(block, body[block * BLOCK : (block + 1) * BLOCK]) for block in blocks)
    assert verification.unverified(0, len(body) + 1) == []
