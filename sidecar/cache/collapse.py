"""One fill for all requests of a key. Knows keys and fills, nothing of what a fill does."""

from collections.abc import Callable, Iterator
from typing import Generic, Protocol, TypeVar

from sidecar.cache.ports import Turn
from sidecar.tasks import Tasks

F = TypeVar("F", bound="Runs")


class Runs(Protocol):
    """Something that runs once and is closed when nobody can find it any more."""

    async def run(self) -> None:
        """Do the work."""
        ...

    async def close(self) -> None:
        """Clean up."""
        ...


class Collapse(Generic[F]):
    """The fills that are running, by key and turn: after a clear or a purge nobody joins what began before it."""

    def __init__(self, tasks: Tasks) -> None:
        self._tasks = tasks
        self._running: dict[tuple[str, Turn], F] = {}

    def __len__(self) -> int:
        return len(self._running)

    def __iter__(self) -> Iterator[F]:
        return iter(self._running.values())

    def find_or_start(self, key: tuple[str, Turn], make: Callable[[], F]) -> tuple[F, bool]:
        """The fill for the key, and whether it was begun by this call. No await lies between look and start."""
        running = self._running.get(key)
        if running is not None:
            return running, False
        started = self._running[key] = make()
        self._tasks.spawn(self._run(key, started), name=f"fill {key[0][:12]}")
        return started, True

    async def _run(self, key: tuple[str, Turn], fill: F) -> None:
        try:
            await fill.run()
        finally:
            del self._running[key]
            await fill.close()
