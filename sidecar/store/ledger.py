"""How much the cache holds, counted by all workers together without a lock.

Each worker adds to numbers that are its own. The sum is the truth but for what others deleted, or what a worker that
was killed could not note any more: a scan of the directory puts that right.
"""

import threading
from ctypes import c_int64
from multiprocessing.sharedctypes import RawArray
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ctypes import Array

SLOTS = 257
"""The most workers there can be, and the main process."""


def shared_counts() -> "Array[c_int64]":
    """Memory for the counts of the workers that this process starts."""
    return RawArray(c_int64, 2 * SLOTS)


class Ledger:
    """One worker's access to the counts: bytes and files, those of unfinished bodies too."""

    def __init__(self, counts: "Array[c_int64]", slot: int) -> None:
        """Count in the numbers of `slot`, which no other process writes."""
        self._counts = counts
        self._bytes = 2 * (slot % SLOTS)
        self._files = self._bytes + 1
        self._lock = threading.Lock()  # of this worker's threads

    @property
    def used_bytes(self) -> int:
        """Bytes that all workers hold."""
        return max(0, sum(self._counts[0::2]))

    @property
    def files(self) -> int:
        """Files that all workers hold."""
        return max(0, sum(self._counts[1::2]))

    def add(self, size_bytes: int) -> None:
        """One more file."""
        self._change(size_bytes, 1)

    def subtract(self, size_bytes: int) -> None:
        """One file less."""
        self._change(-size_bytes, -1)

    def correct(self, used_bytes: int, files: int) -> None:
        """Make the sums what a scan of the directory has found."""
        self._change(used_bytes - sum(self._counts[0::2]), files - sum(self._counts[1::2]))

    def _change(self, by_bytes: int, by_files: int) -> None:
        with self._lock:
            self._counts[self._bytes] += by_bytes
            self._counts[self._files] += by_files
