"""A machine that runs out of something, for the length of a block."""

import os
import resource
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def largest_file(size_bytes: int) -> Iterator[None]:
    """No file may grow beyond this size, as on a disk that is full."""
    with _limit(resource.RLIMIT_FSIZE, size_bytes):
        yield


@contextmanager
def no_more_files(left: int = 0) -> Iterator[None]:
    """No file can be opened, or only so many."""
    free = [os.dup(0) for _ in range(left + 1)]
    for descriptor in free:
        os.close(descriptor)
    with _limit(resource.RLIMIT_NOFILE, free[-1]):
        yield


@contextmanager
def _limit(kind: int, value: int) -> Iterator[None]:
    soft, hard = resource.getrlimit(kind)
    resource.setrlimit(kind, (value, hard))
    try:
        yield
    finally:
        resource.setrlimit(kind, (soft, hard))
