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
def no_more_files() -> Iterator[None]:
    """No file can be opened."""
    lowest_free = os.dup(0)
    os.close(lowest_free)
    with _limit(resource.RLIMIT_NOFILE, lowest_free):
        yield


@contextmanager
def _limit(kind: int, value: int) -> Iterator[None]:
    soft, hard = resource.getrlimit(kind)
    resource.setrlimit(kind, (value, hard))
    try:
        yield
    finally:
        resource.setrlimit(kind, (soft, hard))
