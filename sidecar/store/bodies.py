"""The cache directory: bodies as files, found by the hash of their key."""

import contextlib
import fcntl
import os
import stat
from collections import OrderedDict
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sidecar.cache.key import CacheKey
from sidecar.cache.ports import Turn
from sidecar.cache.purge import PurgeRule
from sidecar.cache.stored import StoredResponse
from sidecar.clock import Clock
from sidecar.store import layout, paths
from sidecar.store.checksums import Verification, stamp_of, table_length
from sidecar.store.disk import Disk
from sidecar.store.layout import State
from sidecar.store.part import FilePart
from sidecar.store.reader import FileReader
from sidecar.store.room import Room

if TYPE_CHECKING:
    from sidecar.store.checksums import Stamp

TOUCH_SECONDS = 60.0
"""How exactly the last use of a body is kept."""

_VERIFICATIONS = 4096


class FileBodies:
    """One worker's access to the directory that all workers share."""

    def __init__(self, directory: Path, room: Room, clock: Clock) -> None:
        self._directory = directory
        self._room = room
        self._clock = clock
        self._disk = Disk()
        self._verifications: OrderedDict[Stamp, Verification] = OrderedDict()

    async def claim(self, key: CacheKey, turn: Turn) -> tuple[FilePart, bool]:
        """The place for a fill, and whether this call leads it. Raises OSError when the directory cannot be used."""
        return await self._disk.run(partial(self._claim, key, turn), abandoned=_close_claimed)

    async def find(self, key: CacheKey) -> StoredResponse | None:
        """What is stored under the key, by whichever worker, in whichever epoch."""
        return await self._disk.run(partial(self._find, key))

    async def open(self, key: CacheKey, stored: StoredResponse) -> FileReader | None:
        """The body that belongs to `stored`, whole; None when it is gone, cut short or another's."""
        return await self._disk.run(partial(self._open, key, stored.identity), abandoned=_close_reader)

    async def freshen(self, key: CacheKey, stored: StoredResponse) -> None:
        """Put new metadata to the body of the same identity, if that is still there and has room for it."""
        await self._disk.run(partial(self._freshen, key, stored))

    async def remove(self, key: CacheKey) -> bool:
        """Remove what is stored under the key; whether there was something."""
        return await self._disk.run(partial(self._remove, paths.body_name(key)))

    async def remove_purged(self, rule: PurgeRule, purge_count: int) -> int:
        """Remove all that the rule names and that was stored before it; how many that were."""

        def is_purged(stored: StoredResponse, object_key: str) -> bool:
            return stored.purge_count < purge_count and rule.names(object_key, stored.tags)

        return await self._disk.run(partial(self._remove_all, is_purged))

    async def mark_clear(self, *, is_begun: bool) -> None:
        """While a clear is begun, a server that is started removes everything before it serves."""
        mark = self._directory / paths.CLEAR_MARK
        with contextlib.suppress(OSError):  # a directory that is gone, or read-only, has nothing to mark
            await self._disk.run(mark.touch if is_begun else mark.unlink)

    async def remove_other_epochs(self, epoch: int) -> int:
        """Remove all that was stored in another epoch; how many that were."""
        return await self._disk.run(partial(self._remove_all, lambda stored, _: stored.epoch != epoch))

    def close(self) -> None:
        """End the threads."""
        self._disk.close()

    def _claim(self, key: CacheKey, turn: Turn) -> tuple[FilePart, bool]:
        while True:
            part = self._part(key, turn)
            is_leader = part.try_to_lead()
            if part.is_current():
                return part, is_leader
            # The last leader has just renamed or removed it; an unlinked file must not be led or followed.
            part.forsake()

    def _part(self, key: CacheKey, turn: Turn) -> FilePart:
        path, final = self._directory / paths.part_name(key, turn), self._path(key)
        try:
            return FilePart(self._disk, self._room, key, path, final)
        except FileNotFoundError:  # the directory was removed; a cache may always begin anew
            self._directory.mkdir(mode=paths.PRIVATE_DIRECTORY, parents=True, exist_ok=True)
            return FilePart(self._disk, self._room, key, path, final)

    def _find(self, key: CacheKey) -> StoredResponse | None:
        with _opened(self._path(key)) as descriptor:
            described = _describe(descriptor, key)
            return None if described is None else described[1]

    def _open(self, key: CacheKey, identity: str) -> FileReader | None:
        with _opened(self._path(key)) as descriptor:
            described = _describe(descriptor, key)
            if described is None or described[1].identity != identity:
                return None
            header_length, stored = described
            self._touch(descriptor)
            verification = self._verification(descriptor, header_length, stored)
            body = range(header_length, header_length + stored.body_length)
            return FileReader(self._disk, os.dup(descriptor), body, verification)

    def _touch(self, descriptor: int) -> None:
        """Note that the body is used. Mounts with noatime, and reads of a mapped file, do not do it by themselves."""
        found, now = os.fstat(descriptor), self._clock.now()
        if now - found.st_atime > TOUCH_SECONDS:
            with contextlib.suppress(OSError):
                os.utime(descriptor, ns=(int(now * 1e9), found.st_mtime_ns))

    def _verification(self, descriptor: int, header_length: int, stored: StoredResponse) -> Verification:
        stamp = stamp_of(descriptor)
        known = self._verifications.pop(stamp, None)
        if known is None:
            length = stored.body_length
            table = os.pread(descriptor, table_length(length), header_length + length)
            known = Verification(table, length, stamp)
        self._verifications[stamp] = known
        while len(self._verifications) > _VERIFICATIONS:
            self._verifications.popitem(last=False)
        return known

    def _freshen(self, key: CacheKey, stored: StoredResponse) -> None:
        with contextlib.suppress(OSError, ValueError), _opened(self._path(key), os.O_RDWR) as descriptor:
            described = _describe(descriptor, key)
            if described is None or described[1].identity != stored.identity:
                return
            self._touch(descriptor)  # somebody has asked for it, though it may have been for a variant of it
            times = os.fstat(descriptor)
            os.pwrite(descriptor, layout.encode_header(layout.describe(stored, key), State.COMPLETE, described[0]), 0)
            # The body was not written to: what was verified of it stays so.
            os.utime(descriptor, ns=(times.st_atime_ns, times.st_mtime_ns))

    def _path(self, key: CacheKey) -> Path:
        return self._directory / paths.body_name(key)

    def _remove(self, name: str) -> bool:
        path = self._directory / name
        try:
            with self._room.held():
                size = path.lstat().st_size
                path.unlink()
                self._room.release(size)
        except OSError:
            return False
        return True

    def _remove_all(self, is_meant: Callable[[StoredResponse, str], bool]) -> int:
        try:
            names = [entry.name for entry in os.scandir(self._directory) if paths.is_body(entry.name)]
        except OSError:
            return 0
        return sum(self._is_meant(name, is_meant) and self._remove(name) for name in names)

    def _is_meant(self, name: str, is_meant: Callable[[StoredResponse, str], bool]) -> bool:
        with _opened(self._directory / name) as descriptor:
            found = None if descriptor < 0 else layout.read_header(descriptor)
            stored = None if found is None else layout.stored_of(found[1])
            # What cannot be read cannot be served either: it only takes room.
            return stored is None or found is None or is_meant(stored, layout.object_key_of(found[1]))


@contextlib.contextmanager
def _opened(path: Path, mode: int = os.O_RDONLY) -> Any:
    """A descriptor that is open within the block; -1 when there is no such file."""
    try:
        descriptor = os.open(path, mode | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK)
    except OSError:
        descriptor = -1
    try:
        yield descriptor
    finally:
        if descriptor >= 0:
            os.close(descriptor)


def _describe(descriptor: int, key: CacheKey) -> tuple[int, StoredResponse] | None:
    """Header length and metadata of a key's body; None unless all of it is there."""
    try:
        found = None if descriptor < 0 else layout.read_header(descriptor)
        stored = None if found is None else layout.stored_of(found[1], key)
        if found is None or stored is None or found[0].state is not State.COMPLETE:
            return None
        header_length = found[0].header_length
        is_whole = os.fstat(descriptor).st_size == layout.whole_length(header_length, stored.body_length)
    except OSError:
        return None
    return (header_length, stored) if is_whole else None


def _close_reader(reader: FileReader | None) -> None:
    if reader is not None:
        reader.close()


def _close_claimed(claimed: tuple[FilePart, bool]) -> None:
    claimed[0].close()


def finish_clear(directory: Path) -> None:
    """Remove every stored body if a server was ended before it had removed what an operator cleared."""
    mark = directory / paths.CLEAR_MARK
    if mark.exists():
        for entry in filter(lambda entry: paths.is_body(entry.name), os.scandir(directory)):
            Path(entry.path).unlink(missing_ok=True)
        mark.unlink(missing_ok=True)


def sweep(directory: Path) -> int:
    """Remove unfinished bodies whose writer is gone: the kernel has let go of their lock. Returns how many."""
    removed = 0
    for path in directory.iterdir():
        if paths.is_unfinished(path.name) and _is_abandoned(path):
            path.unlink(missing_ok=True)
            removed += 1
    return removed


def _is_abandoned(path: Path) -> bool:
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK)
    except OSError:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        return stat.S_ISREG(os.fstat(descriptor).st_mode)
    except OSError:
        return False
    finally:
        os.close(descriptor)
