"""Room on the disk: what is counted, what leaves first, and when there is none."""

import errno
import os
import tempfile
from dataclasses import dataclass
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from unit.cache.responses import a_response
from unit.store.directory import TURN, file_bodies

from sidecar.cache.eviction import Bounds, Candidate, Usage, by_last_use, excess, shortage
from sidecar.cache.key import CacheKey
from sidecar.store.bodies import FileBodies
from sidecar.store.layout import BLOCK
from sidecar.store.ledger import Ledger, shared_counts
from sidecar.store.part import FilePart
from sidecar.store.room import Room, default_max_bytes

KEYS = [CacheKey("https://store.example", "site", str(number)) for number in range(5)]
SMALL = BLOCK + 10 + 4
"""Bytes of a file with a body of ten bytes."""

# Used bytes, files, free bytes → what has to leave of 100 bytes, 3 files and 50 bytes for others, for 10 that come.
EXCESSES = {
    "empty": (0, 0, 1000, (0, 0)),
    "just-fits": (90, 2, 60, (0, 0)),
    "a-byte-too-many": (91, 2, 1000, (1, 0)),
    "a-file-too-many": (0, 3, 1000, (0, 1)),
    "others-need-room": (0, 0, 55, (5, 0)),
    "the-larger-of-both": (95, 0, 40, (20, 0)),
}


@dataclass(slots=True)
class Cache:
    """Two workers of one directory, and a third that only counts."""

    directory: Path
    workers: list[FileBodies]
    rooms: list[Room]
    ledger: Ledger

    async def store(self, worker: int, key: int, size: int) -> None:
        """Store a body, or fail for want of room; it was last used a second after the one before it."""
        part, _ = await self.workers[worker].claim(KEYS[key], TURN)
        try:
            if await has_begun(part, size):
                await part.write(bytes(size))
                await part.commit()
        finally:
            part.close()

    async def remove(self, worker: int, key: int, _: int) -> None:
        """Remove a body."""
        await self.workers[worker].remove(KEYS[key])

    async def begin(self, worker: int, key: int, size: int) -> None:
        """Begin a body, and give it up."""
        part, _ = await self.workers[worker].claim(KEYS[key], TURN)
        await has_begun(part, size)
        part.drop()
        part.close()

    async def die(self, worker: int, key: int, size: int) -> None:
        """Begin a body, and be stopped: somebody may go on with it."""
        part, _ = await self.workers[worker].claim(KEYS[key], TURN)
        await has_begun(part, size)
        part.close()

    async def delete(self, _: int, key: int, __: int) -> None:
        """Delete a body from outside; the count is put right by a scan."""
        (self.directory / KEYS[key].digest).unlink(missing_ok=True)
        self.rooms[0].recount()

    async def clear(self, worker: int, _: int, __: int) -> None:
        """Remove everything of other epochs: all of it."""
        await self.workers[worker].remove_other_epochs(1)

    def files(self) -> list[int]:
        """The sizes of what is there."""
        return [path.stat().st_size for path in self.directory.iterdir()]

    def names(self) -> set[str]:
        """The names of what is there."""
        return {path.name for path in self.directory.iterdir()}

    def close(self) -> None:
        """End all threads."""
        for worker in self.workers:
            worker.close()


def cache_in(directory: Path, bounds: Bounds) -> Cache:
    """An empty cache of two workers."""
    counts = shared_counts()
    rooms = [Room(directory, bounds, Ledger(counts, slot)) for slot in (1, 2)]
    workers = [file_bodies(directory, room) for room in rooms]
    return Cache(directory, workers, rooms, Ledger(counts, 0))


async def has_begun(part: FilePart, size: int) -> bool:
    """Whether there was room for a body of this size; nothing but ENOSPC may say that there is none."""
    try:
        await part.begin(a_response(content_length=size, identity=str(size)))
    except OSError as error:
        if error.errno != errno.ENOSPC:
            raise
        return False
    return True


_steps = st.tuples(
    st.sampled_from(["store"] * 6 + ["remove", "begin", "die", "delete", "clear"]),
    st.integers(0, 1),
    st.integers(0, len(KEYS) - 1),
    st.integers(1, 3 * BLOCK),
)


@settings(max_examples=150, deadline=None)
@given(st.lists(_steps, max_size=25), st.integers(1, 6), st.integers(1, 6))
async def test_what_is_counted_is_what_is_there(
    steps: list[tuple[str, int, int, int]], max_blocks: int, max_files: int
) -> None:
    """After any history the count is that of the directory, and neither bytes nor files exceed their bounds."""
    bounds = Bounds(max_bytes=2 * max_blocks * BLOCK, max_files=max_files)
    with tempfile.TemporaryDirectory() as directory:
        cache = cache_in(Path(directory), bounds)
        for name, worker, key, size in steps:
            await getattr(cache, name)(worker, key, size)
            sizes = cache.files()
            assert (cache.ledger.files, cache.ledger.used_bytes) == (len(sizes), sum(sizes))
            assert sum(sizes) <= bounds.max_bytes
            assert len(sizes) <= bounds.max_files
        cache.close()


@pytest.mark.parametrize(("used", "files", "free", "expected"), EXCESSES.values(), ids=EXCESSES)
def test_excess(used: int, files: int, free: int, expected: tuple[int, int]) -> None:
    """What has to leave is what is over any of the bounds."""
    bounds = Bounds(max_bytes=100, max_files=3, min_free_bytes=50)
    assert excess(Usage(used, files, free), bounds, 10) == expected


@pytest.mark.parametrize(
    ("used", "files", "free", "short"),
    [(90, 2, 60, None), (91, 2, 60, "bytes"), (90, 3, 60, "entries"), (90, 2, 59, "disk"), (91, 3, 59, "bytes")],
)
def test_shortage(used: int, files: int, free: int, short: str | None) -> None:
    """What evictions are counted by: one word, the cache's own bound before the disk's."""
    bounds = Bounds(max_bytes=100, max_files=3, min_free_bytes=50)
    assert shortage(Usage(used, files, free), bounds, 10) == short


@given(st.lists(st.builds(Candidate, st.text(max_size=3), st.integers(0, 9), st.floats(0, 9)), max_size=20))
def test_the_least_recently_used_leaves_first(candidates: list[Candidate]) -> None:
    """All of them, in the order of their last use."""
    order = list(by_last_use(candidates))
    assert sorted(order, key=lambda each: each.used_at) == order
    assert sorted(map(id, order)) == sorted(map(id, candidates))


def use(directory: Path, key: CacheKey, used_at: float) -> None:
    """Let a body have been used at that time."""
    path = directory / key.digest
    os.utime(path, (used_at, path.stat().st_mtime))


async def test_what_was_used_stays(tmp_path: Path) -> None:
    """Room is made by what nobody has asked for the longest, whichever worker has stored it."""
    cache = cache_in(tmp_path, Bounds(max_bytes=3 * SMALL, max_files=100))
    for number in range(3):
        await cache.store(number % 2, number, 10)
    for number, used_at in enumerate((300, 100, 200)):
        use(tmp_path, KEYS[number], used_at)
    await cache.store(0, 3, 10)
    found = [await cache.workers[1].find(key) is not None for key in KEYS]
    assert found == [True, False, True, True, False]
    assert cache.rooms[0].evictions["bytes"] == 1
    cache.close()


async def test_the_number_of_files_is_bounded_too(tmp_path: Path) -> None:
    """However small they are."""
    cache = cache_in(tmp_path, Bounds(max_bytes=2**40, max_files=2))
    for number in range(5):
        await cache.store(0, number, 10)
    assert len(cache.files()) == 2
    cache.close()


async def test_room_is_made_again_and_again(tmp_path: Path) -> None:
    """Also when what was to leave next has been removed by somebody else meanwhile."""
    cache = cache_in(tmp_path, Bounds(max_bytes=2 * SMALL, max_files=100))
    for number in (0, 1, 2):
        await cache.store(0, number, 10)
        use(tmp_path, KEYS[number], 100 + number)
    await cache.remove(1, 1, 0)
    await cache.store(1, 3, 10)
    await cache.store(0, 4, 10)
    assert await cache.workers[0].find(KEYS[4]) is not None
    cache.close()


@pytest.mark.parametrize("size", [2 * SMALL, 2**40])
async def test_what_cannot_fit_is_refused(tmp_path: Path, size: int) -> None:
    """With ENOSPC, and it leaves nothing."""
    cache = cache_in(tmp_path, Bounds(max_bytes=SMALL, max_files=100))
    part, _ = await cache.workers[0].claim(KEYS[0], TURN)
    with pytest.raises(OSError, match="the cache") as caught:
        await part.begin(a_response(content_length=size))
    part.close()
    assert caught.value.errno == errno.ENOSPC
    assert (cache.files(), cache.ledger.files) == ([], 0)
    cache.close()


async def test_what_is_being_written_does_not_leave(tmp_path: Path) -> None:
    """Who comes later is refused instead."""
    cache = cache_in(tmp_path, Bounds(max_bytes=SMALL, max_files=100))
    part, _ = await cache.workers[0].claim(KEYS[0], TURN)
    await part.begin(a_response(content_length=10))
    await cache.store(1, 1, 10)
    await part.write(bytes(10))
    await part.commit()
    part.close()
    assert [await cache.workers[0].find(key) is not None for key in KEYS[:2]] == [True, False]
    cache.close()


async def test_room_is_left_for_others(tmp_path: Path) -> None:
    """A disk that others have filled gets nothing more from us."""
    space = os.statvfs(tmp_path)
    bounds = Bounds(max_bytes=2**60, max_files=100, min_free_bytes=space.f_blocks * space.f_frsize + BLOCK)
    cache = cache_in(tmp_path, bounds)
    await cache.store(0, 0, 10)
    assert cache.files() == []
    cache.close()


async def test_foreign_files_are_neither_counted_nor_removed(tmp_path: Path) -> None:
    """Nor directories, nor links."""
    (tmp_path / "notes.txt").write_bytes(bytes(100_000))
    (tmp_path / KEYS[0].digest).mkdir()
    (tmp_path / KEYS[1].digest).symlink_to("notes.txt")
    cache = cache_in(tmp_path, Bounds(max_bytes=SMALL, max_files=1))
    cache.rooms[0].recount()
    assert (cache.ledger.files, cache.ledger.used_bytes) == (0, 0)
    for number in (2, 3):
        await cache.store(0, number, 10)
    assert {"notes.txt", KEYS[0].digest, KEYS[1].digest} <= cache.names()
    cache.close()


def test_a_worker_never_counts_below_zero() -> None:
    """A sibling may remove what another has stored; the sum is what counts."""
    counts = shared_counts()
    one, other = Ledger(counts, 1), Ledger(counts, 2)
    one.add(10)
    other.subtract(10)
    assert [(each.files, each.used_bytes) for each in (one, other)] == [(0, 0)] * 2
    other.subtract(10)
    assert (one.files, one.used_bytes) == (0, 0)
    one.correct(7, 1)
    assert (other.files, other.used_bytes) == (1, 7)


async def test_the_default_bound_counts_what_is_there(tmp_path: Path) -> None:
    """A restart over a full cache does not make it smaller; it never takes all of the disk."""
    space = os.statvfs(tmp_path)
    bound = default_max_bytes(tmp_path)
    assert 0 < bound <= 10 * 1024**3
    assert bound <= space.f_bavail * space.f_frsize
