"""A thread for calls that may hang, as those of a file on a disk that is gone."""

import asyncio
import queue
import threading
from collections.abc import Callable
from typing import Any

from ops.sinks.base import SinkUnavailableError


class Hand:
    """Does one thing after the other. The process may end while it hangs, which an executor of asyncio prevents."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._work: queue.SimpleQueue[tuple[Callable[[], None], Callable[[BaseException | None], None]]] = (
            queue.SimpleQueue()
        )
        self._thread: threading.Thread | None = None
        self._is_busy = False

    async def do(self, work: Callable[[], None]) -> None:
        """Do it; raises what it does, and SinkUnavailableError while what was cancelled before still hangs."""
        if self._is_busy:
            raise SinkUnavailableError(f"{self._name}: what was begun before still hangs")
        self._is_busy = True
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name=self._name, daemon=True)
            self._thread.start()
        loop = asyncio.get_running_loop()
        done: asyncio.Future[None] = loop.create_future()

        def settle(error: BaseException | None) -> None:
            self._is_busy = False
            if not done.done():
                done.set_result(None) if error is None else done.set_exception(error)

        self._work.put((work, _on(loop, settle)))
        await done

    def _run(self) -> None:
        while True:
            work, settle = self._work.get()
            try:
                work()
            except BaseException as error:  # noqa: BLE001 - the one who waits for it gets it
                settle(error)
            else:
                settle(None)


def _on(loop: asyncio.AbstractEventLoop, call: Callable[[Any], None]) -> Callable[[Any], None]:
    """The same, on the loop's own thread; nothing, once it is closed."""

    def schedule(value: Any) -> None:
        if not loop.is_closed():
            loop.call_soon_threadsafe(call, value)

    return schedule
