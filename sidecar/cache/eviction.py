"""Which stored bodies leave when room is needed: the least recently used first. Pure."""

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Candidate:
    """A stored body: its file's name, its size in bytes, and when it was last used, in seconds since 1970."""

    name: str
    size_bytes: int
    used_at: float


@dataclass(frozen=True, slots=True)
class Bounds:
    """What the cache may take of the disk: bytes and files over everything, and bytes it leaves free for others."""

    max_bytes: int
    max_files: int
    min_free_bytes: int = 0


@dataclass(frozen=True, slots=True)
class Usage:
    """What the cache takes of the disk, and what is free there."""

    used_bytes: int
    files: int
    free_bytes: int


def excess(usage: Usage, bounds: Bounds, coming_bytes: int) -> tuple[int, int]:
    """How many bytes and files have to leave before a body of `coming_bytes` fits; (0, 0) when it does."""
    over = usage.used_bytes + coming_bytes - bounds.max_bytes
    lacking = bounds.min_free_bytes + coming_bytes - usage.free_bytes
    return max(0, over, lacking), max(0, usage.files + 1 - bounds.max_files)


def shortage(usage: Usage, bounds: Bounds, coming_bytes: int) -> str | None:
    """What there is too little of for a body of `coming_bytes`: bytes, entries (of the cache) or disk; or None."""
    too_many_bytes, too_many_files = excess(usage, bounds, coming_bytes)
    if too_many_bytes:
        return "bytes" if usage.used_bytes + coming_bytes > bounds.max_bytes else "disk"
    return "entries" if too_many_files else None


def by_last_use(candidates: Iterable[Candidate]) -> deque[Candidate]:
    """The candidates in the order in which they leave."""
    return deque(sorted(candidates, key=lambda candidate: candidate.used_at))
