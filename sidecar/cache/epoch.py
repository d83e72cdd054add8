"""The epoch of the cache: one number that all workers see. What was stored in another epoch is not fresh."""

import secrets
from ctypes import c_uint64
from multiprocessing.sharedctypes import RawArray
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ctypes import Array


def new_epoch() -> int:
    """A number no epoch had before; random, so that two clears at once need no lock that a killed worker could keep."""
    return secrets.randbits(63)


def shared_epoch() -> "Array[c_uint64]":
    """A new epoch, and the same number as the first one, in memory for the workers started from this process."""
    first = new_epoch()
    return RawArray(c_uint64, [first, first])


class Epoch:
    """A worker's view of the numbers that all workers have.

    `numbers` are for those who ask for every request: the current epoch and the first one.
    """

    __slots__ = ("numbers",)

    def __init__(self, numbers: "Array[c_uint64]") -> None:
        self.numbers = memoryview(numbers).cast("B").cast("Q")

    @property
    def current(self) -> int:
        """The epoch that every worker is in now."""
        return self.numbers[0]

    @property
    def is_first(self) -> bool:
        """Whether nothing was cleared since the start: what an earlier run has stored may be revalidated then."""
        return self.numbers[0] == self.numbers[1]

    def advance(self) -> None:
        """Begin a new epoch: what was stored before is not used any more, by any worker, from this moment on."""
        self.numbers[0] = new_epoch()
