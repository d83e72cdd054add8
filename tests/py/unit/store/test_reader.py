"""Reading a body without waiting: only what was found right, what lies in memory, and what is there."""

import ctypes
import os
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from unit.cache.responses import a_response
from unit.store.descriptors import open_below
from unit.store.directory import TURN, file_bodies

from sidecar.cache.key import CacheKey
from sidecar.errors import BodyLost
from sidecar.store.bodies import FileBodies
from sidecar.store.checksums import BLOCK
from sidecar.store.layout import BLOCK as HEADER
from sidecar.store.reader import FileReader

KEY = CacheKey("https://store.example", "site", "key")
BODY = bytes(range(256)) * (BLOCK // 256) * 2 + b"the end"
STORED = a_response(content_length=len(BODY))
PAGE = 4096


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    """Make a directory on a disk."""
    made = tmp_path / "cache"
    made.mkdir()
    return made


@pytest.fixture
def memory() -> Iterator[Path]:
    """Make a directory on a file system that cannot read without waiting."""
    with TemporaryDirectory(dir="/dev/shm") as folder:
        yield Path(folder)


async def stored_in(directory: Path) -> FileBodies:
    """Put the body there."""
    bodies = file_bodies(directory)
    part, _ = await bodies.claim(KEY, TURN)
    await part.begin(STORED)
    await part.write(BODY)
    await part.commit()
    part.close()
    return bodies


async def opened(bodies: FileBodies) -> FileReader:
    """Open it."""
    reader = await bodies.open(KEY, STORED)
    assert reader is not None
    return reader


@pytest.fixture
async def bodies(directory: Path) -> AsyncIterator[FileBodies]:
    """Store the body on a disk; nothing may be left open."""
    made = await stored_in(directory)
    yield made
    made.close()
    assert open_below(directory) == []


@pytest.fixture
async def reader(bodies: FileBodies) -> AsyncIterator[FileReader]:
    """Open it, and let all of it be verified."""
    reader = await opened(bodies)
    assert await reader.read(0, len(BODY)) == BODY
    yield reader
    reader.close()


def at_once(reader: FileReader, offset: int, size: int) -> bytes:
    """What is read without waiting, which there must be."""
    found = reader.read_now(offset, size)
    assert found is not None
    return bytes(found)


def write_at(path: Path, position: int, content: bytes) -> None:
    """Write into the file, past whatever reads it."""
    descriptor = os.open(path, os.O_RDWR)
    os.pwrite(descriptor, content, position)
    os.close(descriptor)


SPANS = {
    "all": (0, len(BODY)),
    "beginning": (0, 1),
    "over-two-blocks": (BLOCK - 3, 9),
    "a-block": (BLOCK, BLOCK),
    "end": (len(BODY) - 1, 1),
    "beyond-the-end": (len(BODY) - 2, 100),
}


@pytest.mark.parametrize(("offset", "size"), SPANS.values(), ids=SPANS)
async def test_what_was_verified_is_read_at_once(reader: FileReader, offset: int, size: int) -> None:
    """The same bytes as with a thread; of the checksums behind the body not one."""
    assert at_once(reader, offset, size) == BODY[offset : offset + size] == await reader.read(offset, size)


async def test_what_was_not_verified_is_not(bodies: FileBodies) -> None:
    """A checksum takes its time: a thread has it, and a block that it found right is read at once from then on."""
    reader = await opened(bodies)
    assert reader.read_now(0, 1) is None
    await reader.read(BLOCK, 1)
    assert at_once(reader, BLOCK, BLOCK) == BODY[BLOCK : 2 * BLOCK]
    assert reader.read_now(BLOCK - 1, 1) is None
    assert reader.read_now(BLOCK, BLOCK + 1) is None
    reader.close()


@pytest.mark.parametrize("position", [0, BLOCK, len(BODY) - 1])
async def test_an_altered_file_is_verified_anew(directory: Path, reader: FileReader, position: int) -> None:
    """Nothing of it is read at once, though it was right before, until a thread has looked at it."""
    os.utime(directory / KEY.digest, ns=(1, 1))
    assert reader.read_now(0, 9) is None
    write_at(directory / KEY.digest, HEADER + position, b"\xaa\xbb")
    assert reader.read_now(0, 9) is None


async def test_an_altered_file_is_found_by_the_next_that_opens_it(
    directory: Path, bodies: FileBodies, reader: FileReader
) -> None:
    """The reader that was open gives out nothing at once, and the next one says that the body is lost."""
    write_at(directory / KEY.digest, HEADER + 5, b"\xaa")
    assert reader.read_now(5, 1) is None
    again = await opened(bodies)
    with pytest.raises(BodyLost):
        await again.read(5, 1)
    again.close()


async def test_who_is_told_of_writes_need_not_look(directory: Path, reader: FileReader) -> None:
    """A reader that is trusted gives what is there, and nothing that was not verified; another one looks again."""
    before, late = reader.share(), reader.share()
    reader.trust()
    os.utime(directory / KEY.digest, ns=(1, 1))
    assert at_once(reader, 0, 9) == BODY[:9]
    assert reader.is_at_hand(0, 9)
    late.trust()
    for other in (before, late, reader.share()):
        assert other.read_now(0, 9) is None
        assert not other.is_at_hand(0, 9)
        other.close()
    reader.close()
    assert not reader.is_at_hand(0, 9)


async def test_a_file_that_was_cut_gives_nothing(directory: Path, reader: FileReader) -> None:
    """A mapping would end the process here."""
    os.truncate(directory / KEY.digest, HEADER + BLOCK)
    assert reader.read_now(0, len(BODY)) is None
    assert reader.read_now(BLOCK, 1) is None


async def test_a_removed_file_is_read_on(directory: Path, reader: FileReader) -> None:
    """As long as it is open; who removed it is told by the watch."""
    (directory / KEY.digest).unlink()
    assert at_once(reader, 0, 9) == BODY[:9]


async def test_freshening_does_not_stop_it(bodies: FileBodies, reader: FileReader) -> None:
    """New metadata leave the body as it is."""
    await bodies.freshen(KEY, STORED)
    assert at_once(reader, 0, 9) == BODY[:9]


@pytest.mark.parametrize("warm_bytes", [0, PAGE], ids=["nothing", "the beginning"])
async def test_what_is_not_in_memory_is_not_waited_for(directory: Path, reader: FileReader, warm_bytes: int) -> None:
    """A cold page is a thread's to fetch, and nothing is given in its place; afterwards it is read at once."""
    descriptor = os.open(directory / KEY.digest, os.O_RDWR)
    os.fsync(descriptor)
    os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_DONTNEED)
    os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_RANDOM)
    assert len(os.pread(descriptor, warm_bytes, HEADER)) == warm_bytes
    in_memory = resident_pages(descriptor)
    os.close(descriptor)
    if not bool(warm_bytes) <= in_memory <= BLOCK // PAGE:
        pytest.skip("the kernel keeps the pages")
    assert reader.read_now(0, len(BODY)) is None
    assert await reader.read(0, len(BODY)) == BODY
    assert at_once(reader, 0, len(BODY)) == BODY


def resident_pages(descriptor: int) -> int:
    """How many pages of a file are in memory."""
    length = os.fstat(descriptor).st_size
    libc = ctypes.CDLL(None, use_errno=True)
    libc.mmap.restype = ctypes.c_void_p
    libc.mmap.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int, ctypes.c_int, ctypes.c_int, ctypes.c_long]
    libc.mincore.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_void_p]
    libc.munmap.argtypes = [ctypes.c_void_p, ctypes.c_size_t]
    address = libc.mmap(None, length, 1, 1, descriptor, 0)
    pages = (ctypes.c_ubyte * -(-length // PAGE))()
    assert libc.mincore(address, length, pages) == 0
    libc.munmap(address, length)
    return sum(page & 1 for page in pages)


async def test_some_file_systems_always_wait(memory: Path) -> None:
    """Those get a thread for every read, and no error."""
    bodies = await stored_in(memory)
    reader = await opened(bodies)
    assert await reader.read(0, len(BODY)) == BODY
    for _ in range(2):
        assert reader.read_now(0, 9) is None
    assert await reader.read(0, 9) == BODY[:9]
    reader.close()
    bodies.close()


async def test_a_closed_reader_gives_nothing(bodies: FileBodies) -> None:
    """Nor does its number, which may be another file's by now."""
    reader = await opened(bodies)
    await reader.read(0, len(BODY))
    reader.close()
    assert reader.read_now(0, 1) is None
    with pytest.raises(OSError, match="Bad file descriptor"):
        reader.share()


async def test_a_shared_reader_outlives_the_first(directory: Path, bodies: FileBodies) -> None:
    """It has a descriptor of its own, and knows what was verified, whichever of both did that."""
    first = await opened(bodies)
    await first.read(0, 1)
    other = first.share()
    assert len(open_below(directory)) == 2
    assert (at_once(other, 0, 9), other.read_now(BLOCK, 9)) == (BODY[:9], None)
    await first.read(0, len(BODY))
    first.close()
    assert at_once(other, 0, len(BODY)) == BODY
    assert await other.read(BLOCK, 9) == BODY[BLOCK : BLOCK + 9]
    other.close()


async def test_a_shared_reader_sees_an_altered_file(directory: Path, reader: FileReader) -> None:
    """As the first does."""
    other = reader.share()
    write_at(directory / KEY.digest, HEADER, b"\xff")
    assert other.read_now(0, 9) is None
    other.close()
