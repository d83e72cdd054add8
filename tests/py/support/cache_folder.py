"""What can be seen of a server's cache from outside: its files, and which worker is writing one."""

import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from support.sidecar import Sidecar
from support.until import until

_PART = ".part"


def files_of(server: Sidecar) -> list[Path]:
    """Every file in the cache directory."""
    return sorted(server.cache_dir.iterdir()) if server.cache_dir.is_dir() else []


def bodies_of(server: Sidecar) -> list[Path]:
    """The files that hold what is stored."""
    return [path for path in files_of(server) if path.suffix != _PART]


def parts_of(server: Sidecar) -> list[Path]:
    """The files that are being written."""
    return [path for path in files_of(server) if path.suffix == _PART]


def settled_bodies_of(server: Sidecar) -> set[Path]:
    """The same, once nothing is being written any more: a fill goes on after the answer that wanted a part of it."""
    until(lambda: not parts_of(server))
    return set(bodies_of(server))


def bytes_in(folder: Path) -> int:
    """The sizes of all files there; one that goes meanwhile counts nothing."""
    total = 0
    with suppress(FileNotFoundError):
        for entry in os.scandir(folder):
            with suppress(FileNotFoundError):
                total += entry.stat(follow_symlinks=False).st_size
    return total


def holders_of_parts(server: Sidecar) -> set[int]:
    """The workers that have a file open that is being written: its leader and those who read along."""
    return {pid for pid in server.worker_pids() if any(path.endswith(_PART) for path in _open_paths(pid))}


def leaders_of_parts(server: Sidecar) -> set[int]:
    """The workers that have a lock on a file that is being written."""
    inodes = {path.stat().st_ino for path in parts_of(server)}
    return {pid for pid, inode in _locks() if inode in inodes}


def _open_paths(pid: int) -> Iterator[str]:
    with suppress(FileNotFoundError):  # the process, or its descriptor, is gone
        for link in Path(f"/proc/{pid}/fd").iterdir():
            with suppress(FileNotFoundError):
                yield str(link.readlink())


def _locks() -> Iterator[tuple[int, int]]:
    for line in Path("/proc/locks").read_text().splitlines():
        fields = line.split()
        if fields[1] == "FLOCK":
            yield int(fields[4]), int(fields[5].rpartition(":")[2])
