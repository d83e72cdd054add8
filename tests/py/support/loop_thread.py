"""An event loop in a thread of its own, for a server beside a test that is not asynchronous."""

import asyncio
import threading
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

from support.until import PATIENCE_SECONDS

T = TypeVar("T")


class LoopThread:
    """Runs from `start` to `end`; nothing that it has begun stays open."""

    def __init__(self, name: str) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name=name, daemon=True)

    def start(self) -> None:
        """Run the loop."""
        self._thread.start()

    def call(self, work: Coroutine[Any, Any, T]) -> T:
        """Do the work in the loop, and return what comes of it; raises what it raises, and TimeoutError."""
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(PATIENCE_SECONDS)

    def call_soon(self, effect: Callable[[], object]) -> None:
        """Have it done in the loop, and do not wait; raises RuntimeError after `end`."""
        self._loop.call_soon_threadsafe(effect)

    def end(self) -> None:
        """Cancel whatever still goes on, and stop."""
        self.call(_end_all_tasks())
        self.call_soon(self._loop.stop)
        self._thread.join()
        self._loop.close()


async def _end_all_tasks() -> None:
    """Cancel every other task of this loop, those of connections that are being accepted just now too."""
    while others := asyncio.all_tasks() - {asyncio.current_task()}:
        await asyncio.sleep(0)  # one that is cancelled before its first step never runs, and closes nothing
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)
    await asyncio.sleep(0)  # what was closed is told of it in the loop's next turn
