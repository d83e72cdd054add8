"""Background tasks that have a name and an owner.

Sanic cancels the tasks it knows before the drain begins. Fills must outlive that, so they live here and end when
their owner says so.
"""

import asyncio
import logging
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Coroutine

logger = logging.getLogger(__name__)


class Tasks:
    """The tasks of one owner: kept from the garbage collector, reported when they fail, ended together."""

    def __init__(self) -> None:
        self._running: set[asyncio.Task[None]] = set()

    def __len__(self) -> int:
        return len(self._running)

    def spawn(self, work: "Coroutine[Any, Any, None]", *, name: str) -> asyncio.Task[None]:
        """Run `work` in the background; an exception that escapes it is logged."""
        task = asyncio.get_running_loop().create_task(work, name=name)
        self._running.add(task)
        task.add_done_callback(self._finished)
        return task

    async def cancel_all(self) -> None:
        """Cancel what still runs, and what is spawned meanwhile, and wait until it has cleaned up."""
        while running := tuple(self._running):
            # A task that is cancelled before its first step never runs, and those who wait for it would wait for ever.
            await asyncio.sleep(0)
            for task in running:
                task.cancel()
            await asyncio.gather(*running, return_exceptions=True)

    def _finished(self, task: asyncio.Task[None]) -> None:
        self._running.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            logger.error("task %s failed", task.get_name(), exc_info=error)
