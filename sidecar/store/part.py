"""A body that is being written, and the lock that names its leader among all workers of the node.

The file is named by key, epoch and generation, so that nobody joins what began before a clear or a purge. Whoever holds
its lock leads. The kernel lets go of the lock when the leader's process dies: the next to try it takes over.
"""

import contextlib
import fcntl
import os
import threading
from functools import partial
from pathlib import Path

from sidecar.cache.key import CacheKey
from sidecar.cache.ports import Phase, Sight
from sidecar.cache.stored import StoredResponse
from sidecar.errors import OriginError
from sidecar.store import layout
from sidecar.store.checksums import BLOCK, ChecksumTable
from sidecar.store.disk import Disk
from sidecar.store.layout import State
from sidecar.store.reader import FileReader
from sidecar.store.room import Room

PRIVATE_FILE = 0o600

_PHASES = {
    State.WAITING: Phase.WAITING,
    State.FILLING: Phase.FILLING,
    State.COMPLETE: Phase.COMPLETE,
    State.FAILED: Phase.FAILED,
    State.SETTLED: Phase.SETTLED,
}


class FilePart:
    """The place for one fill: an open file, locked by its leader."""

    def __init__(self, disk: Disk, room: Room, key: CacheKey, path: Path, final: Path) -> None:
        self._disk = disk
        self._room = room
        self._key = key
        self._path = path
        self._final = final
        self._lock = threading.Lock()  # between a close and a call that still runs in its thread
        self._is_leader = False
        self._is_committed = False
        self._is_resumable = False
        self._reserved_bytes = 0
        self._header_length = 0
        self._content_length = 0
        self._end = 0
        self._checksums = ChecksumTable()
        flags = os.O_CREAT | os.O_RDWR | os.O_NOFOLLOW | os.O_CLOEXEC
        self._descriptor = os.open(path, flags, PRIVATE_FILE)

    def is_current(self) -> bool:
        """Whether the path still leads to this file: a leader that was faster may have renamed or removed it."""
        try:
            return os.path.samestat(self._path.lstat(), os.fstat(self._descriptor))
        except FileNotFoundError:
            return False

    def try_to_lead(self) -> bool:
        """Take the lock, unless somebody has it."""
        try:
            fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        self._is_leader = True
        if self.is_current():  # else its leader has stored or removed it, and seen to the count
            self._reserved_bytes = os.fstat(self._descriptor).st_size  # counted by a leader that died
        return True

    def look(self) -> Sight:
        """How far it has come. Raises OSError."""
        found = layout.read_header(self._descriptor)
        if found is None:
            return Sight(Phase.WAITING)
        prefix, description = found
        self._header_length = prefix.header_length
        phase = _PHASES[prefix.state]
        match prefix.state:
            case State.FILLING | State.COMPLETE:
                stored = layout.stored_of(description, self._key)
                if stored is None:
                    return Sight(Phase.WAITING)
                self._content_length = stored.body_length
                # What is stored may have been freshened since, and then its header counts no progress any more.
                available = stored.body_length if prefix.state is State.COMPLETE else prefix.progress
                return Sight(phase, stored, available)
            case State.FAILED:
                return Sight(phase, error=layout.error_of(description))
            case _:
                return Sight(phase, forward_status=layout.forward_status_of(description))

    def reader(self) -> FileReader:
        """Reads what has been written so far, and what will be. Raises OSError."""
        body = range(self._header_length, self._header_length + self._content_length)
        return FileReader(self._disk, os.dup(self._descriptor), body)

    async def begin(self, stored: StoredResponse) -> None:
        """Say what is coming, and make room for all of it. Raises OSError, ValueError."""
        header = layout.encode_header(layout.describe(stored, self._key), State.FILLING)
        length = layout.whole_length(len(header), stored.body_length)
        await self._disk.run(partial(self._begin, header, length))
        self._header_length, self._content_length = len(header), stored.body_length
        self._is_resumable = stored.body_length > 0

    async def resume(self) -> None:
        """Go on where the last leader died. Raises OSError."""
        sight = self.look()
        assert sight.stored is not None  # noqa: S101 - whoever resumes has looked
        self._content_length = sight.stored.body_length
        self._is_resumable = True
        await self._disk.run(partial(self._reread, sight.available))

    async def write(self, chunk: bytes) -> None:
        """Append to the body. Raises OSError."""
        await self._disk.run(partial(self._append, chunk))

    async def commit(self) -> None:
        """Put the file in the place of what is stored under the key. Raises OSError."""
        self._is_resumable = False
        await self._disk.run(self._commit)

    def drop(self) -> None:
        """Leave no file, since what is in it was cleared or purged meanwhile."""
        self._is_resumable = False

    async def announce(self, stored: StoredResponse) -> None:
        """Tell all who look on of a response that has no body and is not kept here."""
        await self._tell(layout.describe(stored, self._key), State.COMPLETE)

    async def fail(self, error: OriginError) -> None:
        """Tell all who look on that the bucket did not give it."""
        await self._tell(layout.describe_error(error), State.FAILED)

    async def settle(self, forward_status: int | None) -> None:
        """Tell all who look on to use what is stored."""
        await self._tell(layout.describe_settled(forward_status), State.SETTLED)

    def close(self) -> None:
        """Let go; a leader that did not commit leaves no file."""
        with self._lock:
            if self._descriptor < 0:
                return
            # What has begun and was not failed is left for a follower to go on with, or to be swept at the next start.
            if self._is_leader and not self._is_committed and not self._is_resumable:
                self._release()
                with contextlib.suppress(OSError):  # what cannot be removed is gone, or is swept at the next start
                    if self.is_current():  # else it was stored, and the path may be another fill's by now
                        self._path.unlink()
            os.close(self._descriptor)
            self._descriptor = -1

    def forsake(self) -> None:
        """Let go of a file that the path does not lead to any more; whatever is there now is another's."""
        self._is_leader = False
        self.close()

    def _begin(self, header: bytes, length: int) -> None:
        if self._reserved_bytes:
            with self._room.held(), self._lock:  # a scan counts what is not empty: let both go at once
                os.ftruncate(self._descriptor, 0)
                self._release()
        with self._room.reserved(length), self._lock:
            self._reserved_bytes = length
            os.ftruncate(self._descriptor, 0)
            # A full disk is found out now, while the answer can still take another way, and not within the body.
            os.posix_fallocate(self._descriptor, 0, length)
            # The state is in the first bytes: whoever looks sees all of the header or none of it by its checksum.
            os.pwrite(self._descriptor, header, 0)

    def _release(self) -> None:
        if self._reserved_bytes:
            self._room.release(self._reserved_bytes)
            self._reserved_bytes = 0

    def _append(self, chunk: bytes) -> None:
        self._checksums.add(chunk)
        view = memoryview(chunk)
        with self._lock:  # a write that outlived its fill must not meet a reused number
            while view:
                written = os.pwrite(self._descriptor, view, self._header_length + self._end)
                self._end += written
                view = view[written:]
            os.pwrite(self._descriptor, *layout.encode_progress(self._end))

    def _reread(self, available: int) -> None:
        with self._lock:
            while self._end < available:
                content = os.pread(self._descriptor, min(BLOCK, available - self._end), self._header_length + self._end)
                if not content:
                    raise OSError("the unfinished body is shorter than it says")
                self._checksums.add(content)
                self._end += len(content)

    def _commit(self) -> None:
        if not self.is_current():
            raise FileNotFoundError("the unfinished body was deleted")
        with self._room.held(), self._lock:
            os.pwrite(self._descriptor, self._checksums.encode(), self._header_length + self._content_length)
            os.pwrite(self._descriptor, *layout.encode_state(State.COMPLETE))
            replaced = _size_of(self._final)
            self._path.rename(self._final)
            self._is_committed = True
        if replaced is not None:
            self._room.release(replaced)

    async def _tell(self, description: bytes, state: State) -> None:
        if self._is_committed:
            return  # it is not ours any more: what is stored stays
        self._is_resumable = False
        # Where it cannot be told, those who look on see the lock go, and ask for themselves.
        with contextlib.suppress(OSError, ValueError):
            header = layout.encode_header(description, state, self._header_length or None)
            await self._disk.run(partial(self._overwrite, header))

    def _overwrite(self, header: bytes) -> None:
        with self._lock:
            os.pwrite(self._descriptor, header, 0)


def _size_of(path: Path) -> int | None:
    try:
        return path.lstat().st_size
    except OSError:
        return None
