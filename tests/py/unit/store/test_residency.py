"""Which bytes of a file are in memory."""

import mmap
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from sidecar.store.residency import Residency

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
