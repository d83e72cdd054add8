"""The epoch of the cache: one number that all workers see. What was stored in another epoch is not used."""

import secrets
from ctypes import c_uint64
from multiprocessing.sharedctypes import RawValue


def new_epoch() -> int:
    """A number no epoch had before; random, so that two clears at once need no lock that a killed worker could keep."""
    return secrets.randbits(63)


def shared_epoch() -> c_uint64:
    """A new epoch in memory that the workers started from this process will share."""
    return RawValue(c_uint64, new_epoch())


class Epoch:
    """A worker's view of the number; its own until it is shared."""

    __slots__ = ("_number",)

    def __init__(self) -> None:
        self._number = c_uint64(new_epoch())

    def share(self, number: c_uint64) -> None:
        """From now on see, and change, the number that all workers have."""
        self._number = number

    @property
    def current(self) -> int:
        """The epoch that every worker is in now."""
        return self._number.value

    def advance(self) -> None:
        """Begin a new epoch: what was stored before is not used any more, by any worker, from this moment on."""
        self._number.value = new_epoch()
