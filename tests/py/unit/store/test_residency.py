"""Which bytes of a file are in memory."""

import mmap
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from sidecar.store.residency import BLOCK_BYTES, HELD_SECONDS, Residency

PAGE = mmap.PAGESIZE
PAGES = 100
BODY = os.urandom(PAGES * PAGE - 7)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Write a file."""
    made = tmp_path / "body"
    made.write_bytes(BODY)
    return made


@pytest.fixture
def descriptor(path: Path) -> Iterator[int]:
    """Open it; nothing of it is fetched before it is asked for."""
    opened = os.open(path, os.O_RDWR)
    os.fsync(opened)
    os.posix_fadvise(opened, 0, 0, os.POSIX_FADV_RANDOM)
    yield opened
    os.close(opened)


@pytest.fixture
def residency(descriptor: int) -> Iterator[Residency]:
    """Look at it."""
    made = Residency(descriptor, len(BODY))
    yield made
    made.close()


@pytest.mark.parametrize("size", [1, PAGE, 3 * PAGE + 5, len(BODY)])
def test_what_was_read_is_held(descriptor: int, residency: Residency, size: int) -> None:
    """All of it, wherever it begins within a page."""
    os.pread(descriptor, len(BODY), 0)
    assert residency.holds(0, size)
    assert residency.holds(len(BODY) - size, size)


def test_what_was_given_up_is_not(descriptor: int, residency: Residency) -> None:
    """One cold page makes all of it cold, at either end, and in the middle."""
    os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_DONTNEED)
    if residency.holds(0, 1):
        pytest.skip("the kernel keeps the pages")
    os.pread(descriptor, PAGE, 4 * PAGE)
    assert residency.holds(4 * PAGE, PAGE)
    assert residency.holds(5 * PAGE - 1, 1)
    assert not residency.holds(4 * PAGE - 1, 2)
    assert not residency.holds(5 * PAGE - 1, 2)
    assert not residency.holds(3 * PAGE, 3 * PAGE)
    assert not residency.holds(0, len(BODY))


def test_what_was_there_is_asked_for_again_after_a_second(descriptor: int) -> None:
    """Not before: those who want parts of a block one after the other need but one look. And never a part of one."""
    now = 100.0
    residency = Residency(descriptor, len(BODY), lambda: now)
    os.pread(descriptor, len(BODY), 0)
    assert residency.holds(0, len(BODY))
    os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_DONTNEED)
    if Residency(descriptor, len(BODY)).holds(0, 1):
        pytest.skip("the kernel keeps the pages")
    assert residency.holds(3 * PAGE, PAGE)
    now += HELD_SECONDS
    assert not residency.holds(3 * PAGE, PAGE)
    os.pread(descriptor, PAGE, 3 * PAGE)
    assert residency.holds(3 * PAGE, PAGE)
    assert not residency.holds(4 * PAGE, PAGE)
    residency.close()


def test_who_shares_it_knows_what_was_seen(descriptor: int) -> None:
    """Until the last of them has closed it."""
    residency = Residency(descriptor, len(BODY))
    os.pread(descriptor, len(BODY), 0)
    shared = residency.share()
    assert residency.holds(0, len(BODY))
    residency.close()
    os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_DONTNEED)
    assert shared.holds(0, len(BODY))
    shared.close()


def test_every_block_is_looked_at(tmp_path: Path) -> None:
    """What reaches from one into the next is there when both are."""
    path = tmp_path / "blocks"
    path.write_bytes(bytes(2 * BLOCK_BYTES))
    descriptor = os.open(path, os.O_RDWR)
    os.fsync(descriptor)
    os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_DONTNEED)
    os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_RANDOM)
    residency = Residency(descriptor, 2 * BLOCK_BYTES)
    if residency.holds(0, 1):
        pytest.skip("the kernel keeps the pages")
    os.pread(descriptor, BLOCK_BYTES, 0)
    assert residency.holds(0, BLOCK_BYTES)
    assert not residency.holds(BLOCK_BYTES - 1, 2)
    os.pread(descriptor, BLOCK_BYTES, BLOCK_BYTES)
    assert residency.holds(BLOCK_BYTES - 1, 2)
    residency.close()
    os.close(descriptor)


def test_a_file_that_was_cut_ends_nothing(path: Path, descriptor: int, residency: Residency) -> None:
    """A mapping that is read would end the process here."""
    os.truncate(path, PAGE)
    os.pread(descriptor, PAGE, 0)
    assert residency.holds(0, PAGE)
    assert not residency.holds(0, 2 * PAGE)
    assert not residency.holds(5 * PAGE, PAGE)


def test_what_is_no_file_cannot_be_looked_at() -> None:
    """It has no pages."""
    reading, writing = os.pipe()
    with pytest.raises(OSError, match="No such device"):
        Residency(reading, PAGE)
    os.close(reading)
    os.close(writing)
