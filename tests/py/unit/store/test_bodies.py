"""Body files: written, put in their place, read, lost and swept."""

import asyncio
import gc
import multiprocessing
import os
import shutil
import stat
import tempfile
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from multiprocessing.connection import Connection
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from unit.cache.node import clients, settle
from unit.cache.responses import a_response
from unit.store.descriptors import open_below, open_everywhere
from unit.store.directory import TURN, file_bodies, room_in
from unit.store.gate import Gate, gated
from unit.store.limits import largest_file, no_more_files

from sidecar.cache.key import CacheKey
from sidecar.cache.stored import StoredResponse
from sidecar.store.bodies import FileBodies, sweep
from sidecar.store.checksums import ChecksumTable
from sidecar.store.disk import Disk
from sidecar.store.layout import BLOCK, State, describe, encode_header, whole_length
from sidecar.store.part import FilePart
from sidecar.store.paths import part_name
from sidecar.store.reader import FileReader

PATIENCE_SECONDS = 30.0
KEY = CacheKey("https://store.example", "site", "key")
OTHER = CacheKey("https://store.example", "site", "other")
BODY = b"0123456789"
STORED = a_response(content_length=len(BODY))


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    """Make an empty cache directory."""
    path = tmp_path / "cache"
    path.mkdir()
    return path


@pytest.fixture
def gate() -> Gate:
    """Make a gate that is open."""
    return Gate()


@pytest.fixture
def bodies(directory: Path, gate: Gate) -> Iterator[FileBodies]:
    """Open the directory behind the gate; after the test no file may be open and no unfinished one there."""
    bodies = file_bodies(gated(directory, gate), room_in(directory))
    yield bodies
    gate.open()
    bodies.close()
    assert open_below(directory) == []


async def begun(bodies: FileBodies, stored: StoredResponse = STORED, key: CacheKey = KEY) -> FilePart:
    """Lead a fill, and say what is coming."""
    part, is_leader = await bodies.claim(key, TURN)
    assert is_leader
    try:
        await part.begin(stored)
    except BaseException:
        part.close()
        raise
    part.look()
    return part


def whole_file(key: CacheKey = KEY, stored: StoredResponse = STORED, body: bytes = BODY) -> bytes:
    """A file of the key's, as the store writes it."""
    table = ChecksumTable()
    table.add(body)
    return encode_header(describe(stored, key), State.COMPLETE) + body + table.encode()


async def put(bodies: FileBodies, body: bytes = BODY, identity: str = STORED.identity, key: CacheKey = KEY) -> None:
    """Store a body."""
    writer = await begun(bodies, a_response(content_length=len(body), identity=identity), key)
    await writer.write(body)
    await writer.commit()
    writer.close()


async def opened(bodies: FileBodies) -> FileReader:
    """Open the body, which has to be there."""
    reader = await bodies.open(KEY, STORED)
    assert reader is not None
    return reader


def names(directory: Path) -> list[str]:
    """All names in the directory."""
    return sorted(path.name for path in directory.iterdir())


def mode(path: Path) -> int:
    """Who may do what with it."""
    return stat.S_IMODE(path.stat().st_mode)


def become_file(directory: Path) -> None:
    """Put a file in the directory's place."""
    shutil.rmtree(directory)
    directory.write_text("a file")


# Writing and reading.


async def test_what_is_written_is_found_and_read(bodies: FileBodies, directory: Path) -> None:
    """Under the key's digest, readable for nobody else."""
    await put(bodies)
    assert await bodies.find(KEY) == STORED
    reader = await opened(bodies)
    assert await reader.read(0, 100) == BODY
    reader.close()
    assert names(directory) == [KEY.digest]
    assert mode(directory / KEY.digest) == 0o600


@settings(deadline=None)
@given(st.lists(st.binary(max_size=20_000), max_size=8), st.integers(0, 30_000), st.integers(1, 30_000))
async def test_any_part_of_any_body_is_read(chunks: list[bytes], offset: int, size: int) -> None:
    """However it was written; beyond its end there is nothing."""
    body = b"".join(chunks)
    with tempfile.TemporaryDirectory() as directory:
        bodies = file_bodies(Path(directory))
        writer = await begun(bodies, a_response(content_length=len(body)))
        for chunk in chunks:
            await writer.write(chunk)
        await writer.commit()
        writer.close()
        reader = await opened(bodies)
        assert await reader.read(offset, size) == body[offset : offset + size]
        reader.close()
        bodies.close()


@pytest.mark.parametrize("size", [0, 5000, 60_000])
async def test_a_long_description_is_found(bodies: FileBodies, size: int) -> None:
    """Also one that takes more than a block."""
    stored = a_response(headers=(("content-disposition", "x" * size),), content_length=0)
    writer = await begun(bodies, stored)
    await writer.commit()
    writer.close()
    assert await bodies.find(KEY) == stored


async def test_nothing_is_found_before_the_end(bodies: FileBodies, directory: Path) -> None:
    """A body is there at once or not at all."""
    writer = await begun(bodies)
    for byte in BODY:
        await writer.write(bytes([byte]))
        assert await bodies.find(KEY) is None
        assert await bodies.open(KEY, STORED) is None
    writer.drop()
    writer.close()
    assert names(directory) == []


async def test_a_body_is_read_while_it_is_written(bodies: FileBodies) -> None:
    """Each reader where it likes, also after the writer is done or has given up."""
    writer = await begun(bodies)
    readers = [writer.reader(), writer.reader()]
    await writer.write(BODY[:5])
    assert [await reader.read(0, 5) for reader in readers] == [BODY[:5], BODY[:5]]
    await writer.write(BODY[5:])
    await writer.commit()
    writer.close()
    assert await readers[0].read(3, 100) == BODY[3:]
    for reader in readers:
        reader.close()


async def test_a_later_body_replaces_an_earlier_one(bodies: FileBodies, directory: Path) -> None:
    """Who reads the earlier one reads on."""
    await put(bodies, b"old")
    reader = await opened(bodies)
    await put(bodies, b"newer", identity="another")
    assert await reader.read(0, 100) == b"old"
    reader.close()
    found = await bodies.find(KEY)
    assert found is not None
    assert (found.identity, names(directory)) == ("another", [KEY.digest])


async def test_only_the_body_that_belongs_to_the_metadata_is_opened(bodies: FileBodies) -> None:
    """Another one, however good, has other headers and another length."""
    await put(bodies, identity="another")
    assert await bodies.open(KEY, STORED) is None


async def test_what_is_given_up_leaves_nothing(bodies: FileBodies, directory: Path) -> None:
    """Closing is safe to repeat, and after the commit the body stays."""
    given_up = await begun(bodies)
    given_up.drop()
    given_up.close()
    given_up.close()
    assert names(directory) == []
    await put(bodies)
    assert names(directory) == [KEY.digest]


async def test_what_has_begun_is_left_to_go_on_with(bodies: FileBodies, directory: Path) -> None:
    """It is no body yet, and the next start sweeps it if nobody does."""
    begins = await begun(bodies)
    begins.close()
    assert names(directory) == [part_name(KEY, TURN)]
    assert await bodies.find(KEY) is None
    assert sweep(directory) == 1


async def test_a_closed_fill_cannot_be_committed(bodies: FileBodies, directory: Path) -> None:
    """Nor written or read."""
    writer = await begun(bodies)
    writer.drop()
    writer.close()
    with pytest.raises(OSError, match="deleted"):
        await writer.commit()
    with pytest.raises(OSError, match="Bad file descriptor"):
        await writer.write(BODY)
    with pytest.raises(OSError, match="Bad file descriptor"):
        writer.reader()
    assert names(directory) == []


async def test_a_closed_reader_reads_nothing(bodies: FileBodies) -> None:
    """Least of all from the file that has got its descriptor's number since."""
    await put(bodies)
    reader = await opened(bodies)
    reader.close()
    reader.close()
    successor = await opened(bodies)
    assert await reader.read(0, 100) == b""
    successor.close()


async def test_many_stores_leave_nothing_open() -> None:
    """Fifty of them, each with a body written, found, read and given up: as many descriptors and threads as before."""
    with tempfile.TemporaryDirectory() as directory:
        await use_once(Path(directory))
        gc.collect()  # what earlier tests have let go of is closed now, and not meanwhile
        before, threads = open_everywhere(), set(threading.enumerate())
        for _ in range(50):
            await use_once(Path(directory))
        assert open_everywhere() <= before
        assert set(threading.enumerate()) <= threads


async def use_once(directory: Path) -> None:
    """Do everything once that can be done to a store."""
    bodies = file_bodies(directory)
    await put(bodies)
    assert await bodies.find(KEY) == STORED
    reader = await opened(bodies)
    assert await bodies.open(KEY, a_response(identity="another")) is None
    assert await reader.read(0, 100) == BODY
    reader.close()
    writer = await begun(bodies)
    writer.reader().close()
    writer.drop()
    writer.close()
    bodies.close()


# What else may lie there.


def damaged(position: int) -> bytes:
    """A whole file but for one byte of its description."""
    file = bytearray(whole_file())
    file[position] ^= 1
    return bytes(file)


FOREIGN: dict[str, Callable[[Path], object]] = {
    "absent": lambda _: None,
    "empty": Path.touch,
    "short": lambda path: path.write_bytes(b"s3sc"),
    "text": lambda path: path.write_text("not ours"),
    "zeroes": lambda path: path.write_bytes(bytes(BLOCK + 10)),
    "header-only": lambda path: path.write_bytes(whole_file()[:BLOCK]),
    "half-a-header": lambda path: path.write_bytes(whole_file()[:2000]),
    "one-byte-short": lambda path: path.write_bytes(whole_file()[:-1]),
    "one-byte-long": lambda path: path.write_bytes(whole_file() + b"x"),
    "wrong-magic": lambda path: path.write_bytes(damaged(0)),
    "wrong-checksum": lambda path: path.write_bytes(damaged(12)),
    "wrong-description": lambda path: path.write_bytes(damaged(100)),
    "another-keys": lambda path: path.write_bytes(whole_file(OTHER)),
    "long-header-cut": lambda path: path.write_bytes(whole_file(stored=a_response(etag="x" * 9000))[:BLOCK]),
    "directory": Path.mkdir,
    "pipe": os.mkfifo,
    "device": lambda path: path.symlink_to("/dev/zero"),
    "dangling-link": lambda path: path.symlink_to("nowhere"),
    "link-to-itself": lambda path: path.symlink_to(path.name),
}


@pytest.mark.parametrize("make", FOREIGN.values(), ids=FOREIGN)
async def test_what_is_not_a_whole_body_of_the_key_is_no_body(
    bodies: FileBodies, directory: Path, make: Callable[[Path], object]
) -> None:
    """It is neither found nor opened, blocks nobody, and nothing stays open."""
    make(directory / KEY.digest)
    assert await bodies.find(KEY) is None
    assert await bodies.open(KEY, STORED) is None
    assert open_below(directory) == []


@pytest.mark.parametrize("name", [name for name in FOREIGN if name != "directory"])
async def test_what_is_in_the_way_is_replaced(bodies: FileBodies, directory: Path, name: str) -> None:
    """By the next body that is stored."""
    FOREIGN[name](directory / KEY.digest)
    await put(bodies)
    assert await bodies.find(KEY) == STORED


async def test_a_link_is_neither_followed_nor_written_through(
    bodies: FileBodies, directory: Path, tmp_path: Path
) -> None:
    """Whatever it points to is somebody else's, even if it were a good body."""
    elsewhere = tmp_path / "elsewhere"
    elsewhere.write_bytes(whole_file(body=b"stranger's"))
    (directory / KEY.digest).symlink_to(elsewhere)
    assert await bodies.find(KEY) is None
    await put(bodies)
    assert not (directory / KEY.digest).is_symlink()
    assert b"stranger's" in elsewhere.read_bytes()


# A disk that fails.


async def test_a_removed_directory_is_made_again(bodies: FileBodies, directory: Path) -> None:
    """With those above it."""
    shutil.rmtree(directory.parent)
    await put(bodies)
    assert await bodies.find(KEY) == STORED
    assert mode(directory) == 0o700


async def test_a_directory_removed_meanwhile_takes_the_body_with_it(bodies: FileBodies, directory: Path) -> None:
    """The commit says so; nothing else is harmed."""
    writer = await begun(bodies)
    await writer.write(BODY)
    shutil.rmtree(directory)
    with pytest.raises(FileNotFoundError):
        await writer.commit()
    writer.close()
    assert names(directory.parent) == []


async def test_a_file_in_the_directorys_place_is_an_error(bodies: FileBodies, directory: Path) -> None:
    """For who writes; who reads finds nothing; who gives up can do so."""
    writer = await begun(bodies)
    become_file(directory)
    with pytest.raises(NotADirectoryError):
        await writer.commit()
    writer.close()
    with pytest.raises(NotADirectoryError):
        await begun(bodies)
    assert await bodies.find(KEY) is None


@pytest.mark.parametrize("limit", [0, BLOCK, whole_length(BLOCK, len(BODY)) - 1])
async def test_a_full_disk_is_noticed_before_the_first_byte(bodies: FileBodies, directory: Path, limit: int) -> None:
    """There has to be room for the whole body; nothing is left of the attempt."""
    with largest_file(limit), pytest.raises(OSError, match="File too large"):
        await begun(bodies)
    assert names(directory) == []
    with largest_file(whole_length(BLOCK, len(BODY))):
        await put(bodies)


@pytest.mark.parametrize("length", [2**62, 2**63, 2**64, -BLOCK])
async def test_an_impossible_length_leaves_nothing(bodies: FileBodies, directory: Path, length: int) -> None:
    """Whichever error the system has for it."""
    with pytest.raises((OSError, OverflowError)):
        await begun(bodies, a_response(content_length=length))
    assert names(directory) == []
    assert open_below(directory) == []


async def test_a_description_that_is_too_large_leaves_nothing(bodies: FileBodies, directory: Path) -> None:
    """It is refused before there is a file."""
    with pytest.raises(ValueError, match="does not fit"):
        await begun(bodies, a_response(etag="x" * 70_000))
    assert names(directory) == []


async def test_a_process_without_descriptors_finds_nothing(bodies: FileBodies, directory: Path) -> None:
    """And says so to who writes, before there is a file."""
    await put(bodies)
    with no_more_files():
        assert await bodies.find(KEY) is None
        assert await bodies.open(KEY, STORED) is None
        with pytest.raises(OSError, match="Too many open files"):
            await begun(bodies, STORED, OTHER)
    assert await bodies.find(KEY) == STORED
    assert names(directory) == [KEY.digest]


# Callers that leave.


async def test_a_writer_made_for_nobody_is_discarded(bodies: FileBodies, directory: Path, gate: Gate) -> None:
    """Its caller left while the file was created."""
    with gate:
        async with clients(begun(bodies)) as (creating,):
            await gate.arrival()
            creating.cancel()
    bodies.close()
    await settle()
    assert (names(directory), open_below(directory)) == ([], [])


async def test_a_reader_made_for_nobody_is_closed(bodies: FileBodies, directory: Path, gate: Gate) -> None:
    """Its caller left while the file was opened."""
    await put(bodies)
    with gate:
        async with clients(bodies.open(KEY, STORED)) as (opening,):
            await gate.arrival()
            opening.cancel()
    bodies.close()
    await settle()
    assert open_below(directory) == []


async def test_a_body_not_found_for_nobody_is_no_harm(bodies: FileBodies, gate: Gate) -> None:
    """There is nothing to close."""
    with gate:
        async with clients(bodies.open(KEY, STORED), bodies.find(KEY)) as looking:
            await gate.arrival()
            for each in looking:
                each.cancel()
    bodies.close()
    await settle()


async def test_a_write_that_comes_too_late_harms_no_other_file(directory: Path) -> None:
    """Its descriptor's number may be another file's by then."""
    bodies, disk, release = file_bodies(directory), Disk(), threading.Event()
    path, final = directory / part_name(KEY, TURN), directory / KEY.digest
    writer = FilePart(disk, room_in(directory), KEY, path, final)
    await writer.begin(STORED)
    async with clients(*(disk.run(release.wait) for _ in range(64))), clients(refused_write(writer)):
        writer.close()
        late = await begun(bodies, STORED, OTHER)
        release.set()
    reader = late.reader()
    assert await reader.read(0, len(BODY)) == bytes(len(BODY))
    reader.close()
    late.close()
    disk.close()
    bodies.close()


async def refused_write(writer: FilePart) -> None:
    """A write that cannot be done any more when its turn comes."""
    with pytest.raises(OSError, match="Bad file descriptor"):
        await writer.write(BODY)


# Sweeping.


def test_an_empty_directory_is_swept(directory: Path) -> None:
    """Nothing is removed."""
    assert sweep(directory) == 0


def test_unfinished_bodies_of_nobody_are_swept(directory: Path) -> None:
    """Their writer is gone: nobody holds the lock."""
    for generation in range(3):
        (directory / part_name(KEY, replace(TURN, generation=generation))).write_bytes(b"half")
    assert sweep(directory) == 3
    assert names(directory) == []


async def test_unfinished_bodies_of_this_process_are_left(bodies: FileBodies, directory: Path) -> None:
    """Also while only a reader is left of them, and no longer when they are given up."""
    writer = await begun(bodies)
    assert sweep(directory) == 0
    await writer.write(BODY)
    await writer.commit()
    writer.close()
    assert sweep(directory) == 0
    assert await bodies.find(KEY) == STORED


@pytest.mark.parametrize(
    "name",
    [
        KEY.digest,
        f"{KEY.digest}.part",
        f"{KEY.digest}.bak",
        f"{KEY.digest}.0123456789abcdef.part.gz",
        "notes.part",
        ".nfs000000000000000000000001",
        "lost+found",
    ],
)
def test_other_names_are_left(directory: Path, name: str) -> None:
    """Nobody asked us to remove them."""
    (directory / name).write_text("not ours")
    assert sweep(directory) == 0
    assert names(directory) == [name]


@pytest.mark.parametrize(
    "make",
    [Path.mkdir, os.mkfifo, lambda path: path.symlink_to("target"), lambda path: path.symlink_to("nowhere")],
    ids=["directory", "pipe", "link", "dangling-link"],
)
def test_what_is_no_file_is_left(directory: Path, make: Callable[[Path], object]) -> None:
    """It has our kind of name and is not ours; it blocks nobody, and what a link points to is safe."""
    (directory / "target").write_text("not ours")
    make(directory / part_name(KEY, TURN))
    assert sweep(directory) == 0
    assert len(names(directory)) == 2
    assert (directory / "target").read_text() == "not ours"


def hold(directory: Path, parent: Connection) -> None:
    """Be a worker in the middle of a fill: write half a body, say so, and wait."""

    async def write_half() -> None:
        bodies = file_bodies(directory)
        writer = await begun(bodies)
        await writer.write(BODY[:5])
        parent.send("half")
        parent.recv()

    asyncio.run(write_half())


def test_only_what_a_killed_process_left_is_swept(directory: Path) -> None:
    """A live worker's body is left alone; once it is killed the kernel lets go of its lock."""
    spawn = multiprocessing.get_context("spawn")
    pipe, its_end = spawn.Pipe()
    process = spawn.Process(target=hold, args=(directory, its_end), daemon=True)
    process.start()
    try:
        assert pipe.poll(PATIENCE_SECONDS), "the worker process says nothing"
        assert sweep(directory) == 0
        assert len(names(directory)) == 1
    finally:
        process.kill()
        process.join()
        process.close()
    assert sweep(directory) == 1
    assert names(directory) == []
