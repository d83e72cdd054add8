"""Makes room on the disk before a body is written, by removing the least recently used ones."""

import contextlib
import errno
import fcntl
import os
import stat
import threading
from collections import Counter, deque
from collections.abc import Iterator
from pathlib import Path

from sidecar.cache.eviction import Bounds, Candidate, Usage, by_last_use, shortage
from sidecar.store import paths
from sidecar.store.ledger import Ledger

_DEFAULT_SHARE = 0.8
_DEFAULT_MOST_BYTES = 10 * 1024**3


def default_max_bytes(directory: Path) -> int:
    """How much the cache may take where nobody said: most of what is free now, what it has already included."""
    space = os.statvfs(directory)
    taken = sum(found.size_bytes for entry in os.scandir(directory) if (found := _candidate(entry)) is not None)
    return min(int((space.f_bavail * space.f_frsize + taken) * _DEFAULT_SHARE), _DEFAULT_MOST_BYTES)


class Room:
    """The space of the cache directory. Its calls block and may come from any thread."""

    def __init__(self, directory: Path, bounds: Bounds, ledger: Ledger) -> None:
        self._directory = directory
        self._bounds = bounds
        self._ledger = ledger
        self._candidates: deque[Candidate] = deque()
        self._lock = threading.Lock()
        self.evictions: Counter[str] = Counter(bytes=0, entries=0, disk=0)
        """How many bodies were removed for want of what."""

    def reserve(self, size_bytes: int) -> None:
        """Count a body that is coming, once there is room for it. Raises OSError (ENOSPC) when there cannot be."""
        with self.reserved(size_bytes):
            pass

    @contextlib.contextmanager
    def reserved(self, size_bytes: int) -> Iterator[None]:
        """As `reserve`; no worker reserves or scans before the block ends, in which the file has to get its size.

        Otherwise two could take the same room, or a scan could forget what is reserved and not there yet.
        """
        with self.held():
            self._make_room(size_bytes)
            self._ledger.add(size_bytes)
            yield

    @contextlib.contextmanager
    def held(self) -> Iterator[None]:
        """No worker reserves or scans before the block ends: a scan would miss a file that is renamed meanwhile."""
        with self._lock, _locked(self._directory):
            yield

    def release(self, size_bytes: int) -> None:
        """A body that was reserved for, or stored, is gone."""
        self._ledger.subtract(size_bytes)

    def usage(self) -> Usage:
        """What the cache takes; nothing is free on a disk that cannot be asked."""
        try:
            return self._usage()
        except OSError:
            return Usage(self._ledger.used_bytes, self._ledger.files, 0)

    def recount(self) -> None:
        """Count what is in the directory."""
        with self._lock:
            self._scan()

    def _make_room(self, size_bytes: int) -> None:
        if size_bytes > self._bounds.max_bytes:  # nothing would be gained by driving others out
            raise OSError(errno.ENOSPC, "the body is larger than the cache")
        has_scanned = False
        while (short := self._shortage(size_bytes)) is not None:
            if self._candidates:
                self._evict(self._candidates.popleft(), short)
            elif has_scanned:
                raise OSError(errno.ENOSPC, "the cache is full")
            else:
                self._scan()
                has_scanned = True

    def _shortage(self, size_bytes: int) -> str | None:
        return shortage(self._usage(), self._bounds, size_bytes)

    def _usage(self) -> Usage:
        space = os.statvfs(self._directory)
        return Usage(self._ledger.used_bytes, self._ledger.files, space.f_bavail * space.f_frsize)

    def _scan(self) -> None:
        """Read the directory, and correct the count."""
        found = [candidate for entry in os.scandir(self._directory) if (candidate := _candidate(entry)) is not None]
        # A place that is claimed and still empty is counted when its body begins.
        self._ledger.correct(sum(each.size_bytes for each in found), sum(each.size_bytes > 0 for each in found))
        self._candidates = by_last_use(candidate for candidate in found if paths.is_body(candidate.name))

    def _evict(self, candidate: Candidate, short: str) -> None:
        path = self._directory / candidate.name
        try:
            if path.lstat().st_atime > candidate.used_at:
                return  # used since the scan
            path.unlink()
        except OSError:
            return  # a sibling was faster
        self._ledger.subtract(candidate.size_bytes)
        self.evictions[short] += 1


@contextlib.contextmanager
def _locked(directory: Path) -> Iterator[None]:
    """The directory's own lock, which the kernel takes from a worker that dies. Raises OSError."""
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def _candidate(entry: "os.DirEntry[str]") -> Candidate | None:
    if not (paths.is_body(entry.name) or paths.is_unfinished(entry.name)):
        return None
    try:
        found = entry.stat(follow_symlinks=False)
    except OSError:
        return None
    return Candidate(entry.name, found.st_size, found.st_atime) if stat.S_ISREG(found.st_mode) else None
