"""Bodies as files of one flat directory, read and written in threads of their own.

A body is written under a name of its own, locked by its writer for as long as it lives, and renamed when it is whole.
"""

import asyncio
import contextlib
import fcntl
import os
import stat
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import TypeVar

from sidecar.cache.key import CacheKey
from sidecar.cache.stored import StoredResponse
from sidecar.store import paths
from sidecar.store.body_format import BLOCK, decode_header, encode_header, header_length

T = TypeVar("T")

_THREADS = 8
_PRIVATE_FILE = 0o600


class Disk:
    """Runs blocking file calls, so that a slow disk never stops the event loop."""

    def __init__(self) -> None:
        self._threads = ThreadPoolExecutor(_THREADS, thread_name_prefix="disk")

    async def run(self, call: Callable[[], T], *, abandoned: Callable[[T], None] | None = None) -> T:
        """The result of `call`, made in a thread; `abandoned` gets it if the caller was cancelled meanwhile."""
        future = asyncio.get_running_loop().run_in_executor(self._threads, call)
        try:
            return await asyncio.shield(future)
        except asyncio.CancelledError:
            future.add_done_callback(partial(_abandon, abandoned))
            raise

    def close(self) -> None:
        """End the threads once their calls are done."""
        self._threads.shutdown()


def _abandon(abandoned: Callable[[T], None] | None, future: "asyncio.Future[T]") -> None:
    # Asking for the error tells asyncio that somebody knows of it.
    if not future.cancelled() and future.exception() is None and abandoned is not None:
        abandoned(future.result())


class FileReader:
    """Reads one open file by position; the file may have been renamed or removed meanwhile."""

    def __init__(self, disk: Disk, descriptor: int, body_start: int) -> None:
        self._disk = disk
        self._descriptor = descriptor
        self._body_start = body_start
        self._lock = threading.Lock()

    async def read(self, offset: int, size: int) -> bytes:
        """Up to `size` bytes of the body from `offset`. Raises OSError."""
        return await self._disk.run(partial(self._read, offset, size))

    def close(self) -> None:
        """Close the file; a read that still runs in its thread, for a request that is gone, ends first."""
        with self._lock:
            if self._descriptor >= 0:
                os.close(self._descriptor)
                self._descriptor = -1

    def _read(self, offset: int, size: int) -> bytes:
        # The lock keeps the descriptor from being closed, and its number from being reused, under a running read.
        with self._lock:
            if self._descriptor < 0:
                return b""
            return os.pread(self._descriptor, size, self._body_start + offset)


class FileWriter:
    """Writes one body under a name of its own."""

    def __init__(self, disk: Disk, directory: Path, key: CacheKey, stored: StoredResponse) -> None:
        self._disk = disk
        self._final = directory / paths.body_name(key.digest)
        self._path: Path | None = directory / paths.unfinished_name(key.digest)
        self._header = encode_header(stored, key.digest)
        self._whole_length = len(self._header) + stored.content_length
        self._end = 0
        self._descriptor = -1
        self._lock = threading.Lock()

    def open(self) -> None:
        """Create the file, locked, with room for the whole body, and write its header. Raises OSError."""
        assert self._path is not None  # noqa: S101 - only `create` calls it, first of all
        flags = os.O_CREAT | os.O_EXCL | os.O_RDWR | os.O_NOFOLLOW | os.O_CLOEXEC
        self._descriptor = os.open(self._path, flags, _PRIVATE_FILE)
        fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        # A full disk is found out now, while the answer can still take another way, and not within the body.
        os.posix_fallocate(self._descriptor, 0, self._whole_length)
        self._append(self._header)

    async def write(self, chunk: bytes) -> None:
        """Append. Raises OSError."""
        await self._disk.run(partial(self._append, chunk))

    def reader(self) -> FileReader:
        """Reads what has been written so far, and what will be. Raises OSError."""
        return FileReader(self._disk, os.dup(self._descriptor), len(self._header))

    async def commit(self) -> None:
        """Put the file in the place of the body stored so far. Raises OSError."""
        await self._disk.run(self._rename)

    def discard(self) -> None:
        """Remove the file unless it was committed, and let go of it."""
        path, self._path = self._path, None
        if path is not None:
            with contextlib.suppress(OSError):  # what cannot be removed is gone, or is swept at the next start
                path.unlink()
        with self._lock:
            descriptor, self._descriptor = self._descriptor, -1
            if descriptor >= 0:
                os.close(descriptor)

    def _append(self, chunk: bytes) -> None:
        view = memoryview(chunk)
        while view:
            with self._lock:  # as in FileReader: a write that outlived its fill must not meet a reused number
                written = os.pwrite(self._descriptor, view, self._end)
            self._end += written
            view = view[written:]

    def _rename(self) -> None:
        path = self._path
        if path is not None:
            path.rename(self._final)
            self._path = None


class FileBodies:
    """The cache directory."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._disk = Disk()

    async def create(self, key: CacheKey, stored: StoredResponse) -> FileWriter:
        """Begin to write a body. Raises OSError when the disk is full, read-only or gone."""
        return await self._disk.run(partial(self._create, key, stored), abandoned=FileWriter.discard)

    async def find(self, key: CacheKey) -> StoredResponse | None:
        """The metadata of the body stored under the key, by whichever worker."""
        return await self._disk.run(partial(self._find, key))

    async def open(self, key: CacheKey, stored: StoredResponse) -> FileReader | None:
        """The body that belongs to `stored`, whole; None when it is gone, cut short or another's."""
        return await self._disk.run(partial(self._open, key, stored.identity), abandoned=_close)

    def close(self) -> None:
        """End the threads."""
        self._disk.close()

    def _create(self, key: CacheKey, stored: StoredResponse) -> FileWriter:
        writer = FileWriter(self._disk, self._directory, key, stored)
        try:
            try:
                writer.open()
            except FileNotFoundError:  # the directory was removed; a cache may always begin anew
                self._directory.mkdir(mode=0o700, parents=True, exist_ok=True)
                writer.open()
        except BaseException:
            writer.discard()
            raise
        return writer

    def _find(self, key: CacheKey) -> StoredResponse | None:
        found = _open_whole(self._directory, key)
        if found is None:
            return None
        descriptor, _, stored = found
        os.close(descriptor)
        return stored

    def _open(self, key: CacheKey, identity: str) -> FileReader | None:
        found = _open_whole(self._directory, key)
        if found is None:
            return None
        descriptor, body_start, stored = found
        if stored.identity != identity:
            os.close(descriptor)
            return None
        return FileReader(self._disk, descriptor, body_start)


def _close(reader: FileReader | None) -> None:
    if reader is not None:
        reader.close()


def _open_whole(directory: Path, key: CacheKey) -> tuple[int, int, StoredResponse] | None:
    """Open a key's body file: its descriptor, where the body begins, what it is; None unless all of it is there."""
    try:
        path = directory / paths.body_name(key.digest)
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK)
    except OSError:
        return None
    try:
        described = _describe(descriptor, key)
    except OSError:
        described = None
    if described is None:
        os.close(descriptor)
        return None
    return descriptor, *described


def _describe(descriptor: int, key: CacheKey) -> tuple[int, StoredResponse] | None:
    header = os.pread(descriptor, BLOCK, 0)
    length = header_length(header)
    if length is None:
        return None
    if length > BLOCK:
        header += os.pread(descriptor, length - BLOCK, BLOCK)
    stored = decode_header(header, key.digest)
    if stored is None or os.fstat(descriptor).st_size != length + stored.content_length:
        return None
    return length, stored


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
