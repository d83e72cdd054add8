"""Changes in the cache directory, told as they happen."""

import asyncio
import os
import shutil
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest
from support.until import PATIENCE_SECONDS

from sidecar.store.watch import Watch

NAME = "ab" * 32
OTHER = "cd" * 32


class Told:
    """What was told, and a way to wait for it."""

    def __init__(self) -> None:
        self.names: list[str | None] = []
        self._came = asyncio.Event()

    def __call__(self, name: str | None) -> None:
        """Hear of a change."""
        self.names.append(name)
        self._came.set()

    async def next(self) -> str | None:
        """Wait for the next name."""
        async with asyncio.timeout(PATIENCE_SECONDS):
            while not self.names:
                self._came.clear()
                await self._came.wait()
        return self.names.pop(0)


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    """Make a directory with one body."""
    made = tmp_path / "cache"
    made.mkdir()
    (made / NAME).write_bytes(b"body")
    return made


@pytest.fixture
async def told() -> Told:
    """Listen."""
    return Told()


@pytest.fixture
async def watch(directory: Path, told: Told) -> AsyncIterator[Watch]:
    """Watch the directory."""
    made = Watch(directory, told)
    made.open()
    yield made
    made.close()


CHANGES: dict[str, Callable[[Path], object]] = {
    "removed": lambda directory: (directory / NAME).unlink(),
    "moved away": lambda directory: (directory / NAME).rename(directory.parent / NAME),
    "replaced": lambda directory: (directory / f"{NAME}.1.0.part").rename(directory / NAME),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
async def test_a_change_is_told(directory: Path, watch: Watch, told: Told, change: Callable[[Path], object]) -> None:
    """By the name of the body."""
    (directory / f"{NAME}.1.0.part").write_bytes(b"new")
    change(directory)
    assert await told.next() == NAME


async def test_what_is_no_change_is_not_told(directory: Path, watch: Watch, told: Told) -> None:
    """Neither reading, nor writing in place, nor other files' comings and goings."""
    (directory / NAME).read_bytes()
    os.utime(directory / NAME)
    (directory / f"{NAME}.1.0.part").write_bytes(b"new")
    (directory / f"{NAME}.1.0.part").unlink()
    (directory / "clear").touch()
    (directory / "clear").unlink()
    (directory / OTHER).write_bytes(b"last")
    (directory / OTHER).unlink()
    assert await told.next() == OTHER
    assert told.names == []


WRITES: dict[str, Callable[[Path], object]] = {
    "written to": lambda path: path.write_bytes(b"BODY"),
    "cut": lambda path: os.truncate(path, 1),
    "written to under another name": lambda path: path.rename(path.parent.parent / "moved").write_bytes(b"BODY"),
}


@pytest.mark.parametrize("write", WRITES.values(), ids=WRITES)
async def test_writes_to_what_is_followed_are_told(
    directory: Path, watch: Watch, told: Told, write: Callable[[Path], object]
) -> None:
    """As often as there are some, until nobody follows the file any more."""
    with (directory / NAME).open("rb") as file:
        ends = [watch.follow(file.fileno(), NAME) for _ in range(2)]
        write(directory / NAME)
        assert await told.next() == NAME
        ends[0]()
        os.pwrite(descriptor := os.open(f"/proc/self/fd/{file.fileno()}", os.O_WRONLY), b"b", 0)
        assert await told.next() == NAME
        ends[1]()
        told.names.clear()
        os.pwrite(descriptor, b"B", 0)
        os.close(descriptor)
    (directory / OTHER).touch()
    (directory / OTHER).unlink()
    assert await told.next() == OTHER
    assert watch.is_open


@pytest.mark.parametrize("is_told_first", [True, False], ids=["told first", "not told yet"])
async def test_what_is_followed_may_go(directory: Path, watch: Watch, told: Told, *, is_told_first: bool) -> None:
    """With the last descriptor the kernel forgets a deleted file, and has nothing left to unfollow."""
    file = (directory / NAME).open("rb")
    end = watch.follow(file.fileno(), NAME)
    (directory / NAME).unlink()
    file.close()
    if not is_told_first:
        end()
    assert await told.next() == NAME
    end()
    assert watch.is_open


async def test_one_file_may_be_followed_under_two_names(directory: Path, watch: Watch, told: Told) -> None:
    """As an object, and as what another one is sent as: both are told, as long as each is followed."""
    with (directory / NAME).open("rb") as file:
        ends = [watch.follow(file.fileno(), name) for name in (NAME, OTHER)]
        (directory / NAME).write_bytes(b"BODY")
        assert {await told.next(), await told.next()} == {NAME, OTHER}
        ends[0]()
        told.names.clear()
        (directory / NAME).write_bytes(b"body")
        assert await told.next() == OTHER
        assert NAME not in told.names


async def test_who_has_followed_may_say_so_to_another_watch(directory: Path, watch: Watch, told: Told) -> None:
    """It is none of that one's business; nor is what is no file."""
    with (directory / NAME).open("rb") as file:
        late = watch.follow(file.fileno(), NAME)
        watch.close()
        watch.open()
        late()
    with pytest.raises(OSError, match=r"Bad file descriptor|No such file"):
        watch.follow(-1, OTHER)
    assert watch.is_open


async def test_nothing_is_followed_unwatched(directory: Path, told: Told) -> None:
    """Nobody would tell."""
    with (directory / NAME).open("rb") as file, pytest.raises(OSError, match="not watched"):
        Watch(directory, told).follow(file.fileno(), NAME)


async def test_a_directory_that_goes_takes_everything_with_it(directory: Path, watch: Watch, told: Told) -> None:
    """Each body is told, then all of them; another directory in its place can be watched again."""
    shutil.rmtree(directory)
    assert [await told.next(), await told.next()] == [NAME, None]
    assert not watch.is_open
    os.mkdir(directory)  # noqa: PTH102 - a loop that waits for nobody else
    (directory / OTHER).write_bytes(b"again")
    watch.open()
    (directory / OTHER).unlink()
    assert await told.next() == OTHER


async def test_no_directory(tmp_path: Path, told: Told) -> None:
    """Nothing can be watched, and nothing is held."""
    watch = Watch(tmp_path / "none", told)
    with pytest.raises(FileNotFoundError):
        watch.open()
    assert not watch.is_open
    watch.close()
