"""Content codings off the event loop, one after the other."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import TypeVar

from sidecar.errors import OriginUnavailable
from sidecar.store.codecs import CODECS

T = TypeVar("T")

_AT_ONCE = 1
"""There is a worker for each CPU; and what is worked on takes four times its size in memory."""


class Coders:
    """The thread of one worker that applies and undoes codings."""

    def __init__(self) -> None:
        self._threads = ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="coding")
        self.places = asyncio.Semaphore(_AT_ONCE)

    def recipe(self, coding: str) -> str:
        """What the bytes of a coding depend on beside the body, in a word."""
        return CODECS[coding].recipe

    async def encode(self, coding: str, body: bytes) -> bytes:
        """The body in a coding. Raises OriginUnavailable while the server stops."""
        return await self._run(partial(CODECS[coding].apply, body))

    async def decode(self, coding: str, body: bytes, most: int) -> bytes | None:
        """The body without its coding; None when it is not in it, or would have more than `most` bytes. Raises too."""
        return await self._run(partial(CODECS[coding].undo, body, most))

    def close(self) -> None:
        """End the thread once its call is done."""
        self._threads.shutdown(cancel_futures=True)

    async def _run(self, call: Callable[[], T]) -> T:
        try:
            future = asyncio.get_running_loop().run_in_executor(self._threads, call)
        except RuntimeError as error:  # closed
            raise OriginUnavailable("the server is stopping") from error
        return await future
