"""Keeps files in memory, so that no round pays for pages that the kernel took back while a machine was idle."""

import mmap
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

_MAP_LOCKED = 0x2000  # Linux; mmap(2)
_LEAST_BYTES = 1024 * 1024


@contextmanager
def held(folders: list[Path]) -> Iterator[None]:
    """Lock the pages of all large files below the folders, as they are, where that is allowed (RLIMIT_MEMLOCK)."""
    with ExitStack() as stack:
        for file in (file for folder in folders for file in folder.rglob("*") if file.is_file()):
            if file.stat().st_size >= _LEAST_BYTES:
                with suppress(OSError):
                    stack.enter_context(_locked(file))
        yield


def _locked(file: Path) -> mmap.mmap:
    with file.open("rb") as opened:
        return mmap.mmap(opened.fileno(), 0, flags=mmap.MAP_SHARED | _MAP_LOCKED, prot=mmap.PROT_READ)
