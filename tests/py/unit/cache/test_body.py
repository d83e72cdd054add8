"""Bodies from the disk, from a file that still grows, and straight from the bucket."""

import asyncio
import os
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.scripted_origin import Barrier, ScriptedOrigin, head
from unit.cache.node import Node, Worker, settle
from unit.cache.responses import a_response
from unit.store.descriptors import open_below
from unit.store.directory import TURN, file_bodies

from sidecar.cache.body import CHUNK, Body, EmptyBody, PassingBody, StoredBody
from sidecar.cache.key import CacheKey
from sidecar.cache.progress import Progress
from sidecar.errors import BodyLost, OriginUnavailable
from sidecar.store.checksums import BLOCK, table_length
from sidecar.store.part import FilePart

KEY = CacheKey("https://store.example", "site", "key")
BODY = bytes(range(256)) * 3000
assert len(BODY) > 2 * CHUNK

_positions = st.integers(0, len(BODY)).flatmap(lambda start: st.tuples(st.just(start), st.integers(start, len(BODY))))


@asynccontextmanager
async def writing(directory: Path, body: bytes) -> AsyncIterator[FilePart]:
    """A writer of a body of this length; it ends with the block."""
    bodies = file_bodies(directory)
    part, _ = await bodies.claim(KEY, TURN)
    await part.begin(a_response(content_length=len(body)))
    part.look()
    try:
        yield part
    finally:
        part.close()
        bodies.close()


async def bytes_of(body: Body, start: int, stop: int) -> bytes:
    """A part of a body."""
    return b"".join([chunk async for chunk in body.chunks(start, stop)])


@settings(deadline=None)
@given(_positions)
async def test_any_part_of_a_stored_body_can_be_read(part: tuple[int, int]) -> None:
    """From any byte up to any other, in chunks of a bounded size."""
    with tempfile.TemporaryDirectory() as directory:
        async with writing(Path(directory), BODY) as writer:
            await writer.write(BODY)
            body = StoredBody(writer.reader())
            chunks = [chunk async for chunk in body.chunks(*part)]
            await body.close()
    assert b"".join(chunks) == BODY[slice(*part)]
    assert all(0 < len(chunk) <= CHUNK for chunk in chunks)


@settings(deadline=None)
@given(_positions, st.lists(st.integers(1, 400_000), max_size=10))
async def test_any_part_can_be_read_while_it_is_written(part: tuple[int, int], sizes: list[int]) -> None:
    """However the bytes come, nobody sees one that is not there yet: the file is full of zeroes before."""
    body = BODY.replace(b"\0", b"\1")
    with tempfile.TemporaryDirectory() as directory:
        async with writing(Path(directory), body) as writer, asyncio.TaskGroup() as readers:
            progress = Progress()
            stored = StoredBody(writer.reader(), progress)
            reader = readers.create_task(bytes_of(stored, *part))
            for chunk in pieces(body, sizes):
                await writer.write(chunk)
                progress.advance(len(chunk))
        await stored.close()
    assert reader.result() == body[slice(*part)]


def pieces(body: bytes, sizes: list[int]) -> list[bytes]:
    """Cut it into pieces of these sizes; the last one is what remains."""
    ends = [sum(sizes[:count]) for count in range(1, len(sizes) + 1)]
    cuts = [0, *(end for end in ends if end < len(body)), len(body)]
    return [body[start:stop] for start, stop in pairwise(cuts)]


async def test_each_byte_is_sent_as_soon_as_it_is_there(tmp_path: Path) -> None:
    """A reader does not wait for the end, nor for a full chunk."""
    async with writing(tmp_path, b"abcdef") as writer:
        progress = Progress()
        body = StoredBody(writer.reader(), progress)
        chunks = body.chunks(0, 6)
        for piece in (b"ab", b"c", b"def"):
            await writer.write(piece)
            progress.advance(len(piece))
            assert await anext(chunks) == piece
        assert [chunk async for chunk in chunks] == []
        await body.close()


async def test_a_fill_that_fails_is_told_after_the_bytes_that_came(tmp_path: Path) -> None:
    """A body that was cut short does not look whole."""
    async with writing(tmp_path, b"abcdef") as writer:
        progress = Progress()
        body = StoredBody(writer.reader(), progress)
        await writer.write(b"abc")
        progress.advance(3)
        progress.fail(OriginUnavailable("gone"))
        chunks = body.chunks(0, 6)
        assert await anext(chunks) == b"abc"
        with pytest.raises(OriginUnavailable):
            await anext(chunks)
        assert await bytes_of(body, 1, 3) == b"bc"
        await body.close()


async def collect(chunks: AsyncIterator[bytes | bytearray], received: bytearray) -> None:
    """Keep what comes, also when it is broken off."""
    async for chunk in chunks:
        received += chunk


@pytest.mark.parametrize("kept", [CHUNK, BLOCK, BLOCK + CHUNK], ids=["within-a-block", "a-block", "beyond-a-block"])
async def test_a_body_that_shrinks_is_lost(node: Node, worker: Worker, kept: int) -> None:
    """What an operator cuts off is not made up for with anything else, and what is given out before that is right."""
    body = BODY * 3
    node.origin.put("key", body)
    await worker.get_and_store("key")
    answer = await worker.ask("key")
    chunks = answer.body.chunks(0, len(body))
    received = bytearray(await anext(chunks))
    path = node.body_file("key")
    os.truncate(path, path.stat().st_size - table_length(len(body)) - len(body) + kept)
    with pytest.raises(BodyLost):
        await collect(chunks, received)
    assert body.startswith(received)
    assert len(received) <= kept
    await answer.body.close()


async def test_a_closed_body_holds_no_file(tmp_path: Path) -> None:
    """Closing it again does no harm, and what is read from it is lost."""
    async with writing(tmp_path, b"abc") as writer:
        await writer.write(b"abc")
        before = open_below(tmp_path)
        body = StoredBody(writer.reader())
        assert len(open_below(tmp_path)) == len(before) + 1
        await body.close()
        await body.close()
        assert open_below(tmp_path) == before
        with pytest.raises(BodyLost):
            await bytes_of(body, 0, 3)


async def test_a_stored_body_can_be_read_more_than_once(tmp_path: Path) -> None:
    """The parts of a multipart answer are read one after the other."""
    async with writing(tmp_path, b"abcdef") as writer:
        await writer.write(b"abcdef")
        body = StoredBody(writer.reader())
        assert body.is_seekable
        assert [await bytes_of(body, *part) for part in ((4, 6), (0, 2), (0, 6))] == [b"ef", b"ab", b"abcdef"]
        await body.close()


async def test_an_empty_body_has_nothing_to_read_or_to_close() -> None:
    """A missing object has one."""
    body = EmptyBody()
    assert await bytes_of(body, 0, 0) == b""
    await body.close()
    await body.close()


async def test_a_passing_body_comes_straight_from_the_bucket() -> None:
    """Chunk by chunk, before the last one is there; closing it gives back the connection."""
    origin, middle = ScriptedOrigin(), Barrier()
    origin.script("key", (head(6), b"abc", middle, b"def"))
    body = PassingBody(await origin.get("key"))
    assert not body.is_seekable
    chunks = body.chunks(0, 6)
    assert await anext(chunks) == b"abc"
    middle.release()
    assert [chunk async for chunk in chunks] == [b"def"]
    assert origin.open_responses == 1
    await body.close()
    await body.close()
    assert origin.open_responses == 0


async def test_a_passing_body_breaks_where_the_bucket_breaks() -> None:
    """The error is the bucket's own."""
    origin = ScriptedOrigin()
    origin.script("key", (head(6), b"abc", OriginUnavailable("gone")))
    body = PassingBody(await origin.get("key"))
    chunks = body.chunks(0, 6)
    assert await anext(chunks) == b"abc"
    with pytest.raises(OriginUnavailable):
        await anext(chunks)
    await body.close()


async def test_a_reader_that_leaves_does_not_stop_the_others(tmp_path: Path) -> None:
    """Each has a descriptor of its own."""
    async with writing(tmp_path, b"abc") as writer:
        progress = Progress()
        bodies = [StoredBody(writer.reader(), progress) for _ in range(2)]
        async with asyncio.TaskGroup() as readers:
            leaving, staying = (readers.create_task(bytes_of(body, 0, 3)) for body in bodies)
            await settle()
            leaving.cancel()
            await bodies[0].close()
            await writer.write(b"abc")
            progress.advance(3)
        assert staying.result() == b"abc"
        await bodies[1].close()
