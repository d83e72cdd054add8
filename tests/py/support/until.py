"""Waits for what tells nobody that it has happened."""

import asyncio
import time
from collections.abc import Callable

PATIENCE_SECONDS = 30.0
"""Only a test that fails waits so long: a machine may be much slower than one thinks."""

_LOOK_SECONDS = 0.02


def until(
    is_so: Callable[[], bool], seconds: float = PATIENCE_SECONDS, *, told: Callable[[], object] | None = None
) -> None:
    """Look again and again; fails when it takes longer, with what is `told` of it then."""
    deadline = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < deadline, told and told()
        time.sleep(_LOOK_SECONDS)


async def soon(is_so: Callable[[], bool], seconds: float = PATIENCE_SECONDS) -> None:
    """The same, while the event loop goes on."""
    async with asyncio.timeout(seconds):
        while not is_so():  # noqa: ASYNC110 - the code under test tells nobody
            await asyncio.sleep(_LOOK_SECONDS)
