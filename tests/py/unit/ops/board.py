"""Shared numbers as the processes of a server would have written them."""

import os
import time
from typing import TYPE_CHECKING

from ops.metrics.numbers import Counts, Part, shared_numbers
from ops.metrics.overview import Holdings, Overview, Server

if TYPE_CHECKING:
    from ctypes import Array, c_int64

STARTED_AT = 1_000.0
HOLDINGS = Holdings(used_bytes=10, limit_bytes=100, entries=2, limit_entries=20, free_bytes=1000, min_free_bytes=64)
NO_PROCESS = 2**22 + 1
"""Above the kernel's largest process id."""


class Board:
    """The memory of a server with some workers; all that have begun are this process."""

    def __init__(self, workers: int = 2, holdings: Holdings = HOLDINGS) -> None:
        self.memory: Array[c_int64] = shared_numbers(workers)
        self._holdings = holdings

    def begin(self, number: int, pid: int | None = None) -> Counts:
        """A worker that begins, or begins anew, and is heard of just now."""
        part = Part(self.memory, number)
        part.tell("pid", os.getpid() if pid is None else pid)
        part.tell("starts", part.told("starts") + 1)
        part.tell("beat_ns", time.monotonic_ns())
        return Counts(part)

    def silence(self, number: int) -> None:
        """Let the worker not have been heard of for a minute."""
        Part(self.memory, number).tell("beat_ns", time.monotonic_ns() - 60_000_000_000)

    def overview(self) -> Overview:
        """The numbers as they are now."""
        return Overview(self.memory, Server("1.2.3", STARTED_AT, lambda: self._holdings))
