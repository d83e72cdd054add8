"""Blocking file calls in threads of their own, so that a slow disk never stops the event loop."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import TypeVar

T = TypeVar("T")

_THREADS = 8


class Disk:
    """The threads of one worker."""

    def __init__(self) -> None:
        self._threads = ThreadPoolExecutor(_THREADS, thread_name_prefix="disk")

    async def run(self, call: Callable[[], T], *, abandoned: Callable[[T], None] | None = None) -> T:
        """The result of `call`, made in a thread; `abandoned` gets it if the caller was cancelled meanwhile.

        Raises what `call` raises, and OSError after `close`.
        """
        try:
            future = asyncio.get_running_loop().run_in_executor(self._threads, call)
        except RuntimeError as error:  # closed: a request came while the server ended
            raise OSError("the cache directory is closed") from error
        try:
            return await asyncio.shield(future)
        except asyncio.CancelledError:
            future.add_done_callback(partial(_abandon, abandoned))
            raise

    def close(self) -> None:
        """End the threads once their calls are done."""
        self._threads.shutdown()


def _abandon(abandoned: Callable[[T], None] | None, future: "asyncio.Future[T]") -> None:
    # Asking for the error tells asyncio that somebody knows of it.
    if not future.cancelled() and future.exception() is None and abandoned is not None:
        abandoned(future.result())
