"""Which core works for whom: the server under test has one of its own, everything else shares another."""

import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Cpus:
    """The core of the server under test, the core of the load and of all that stands behind, and all cores."""

    server: int
    load: int
    usable: tuple[int, ...]

    @classmethod
    def choose(cls) -> "Cpus":
        """The first and the last that this process may use; one and the same on a machine with one."""
        usable = tuple(sorted(os.sched_getaffinity(0)))
        return cls(usable[0], usable[-1], usable)


@contextmanager
def started_on(cores: Iterable[int]) -> Iterator[None]:
    """Give what is started inside the block these cores for its whole life: a child inherits them."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, cores)
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)
