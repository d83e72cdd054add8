"""Looks for the next request for a moment in place of falling asleep, as long as that pays off.

To fall asleep and to be woken costs a core more than an answer out of memory does, and the client waits for it. So
after an answer the event loop is kept turning for about as long as that would take. Who asks again within this time, as
one that waits for each answer before it asks for more, is answered at once.

Whether anybody does is learned: a try in vain is followed by a pause, each time twice as long, in which the loop sleeps
as ever. So it costs next to nothing where requests are rare, come from far away, or come from the same core.
"""

import asyncio
import time
from collections.abc import Callable
from typing import Final

POLL_NS: Final = 50_000
"""How long nobody sleeps after an answer."""

LONGEST_PAUSE: Final = 1023
"""The most answers in a row after which nobody polls: a twentieth of a second for the fastest single client."""


class BusyPolling:
    """That of one event loop; `clock_ns` counts nanoseconds."""

    def __init__(self, clock_ns: Callable[[], int] = time.perf_counter_ns) -> None:
        self._clock_ns = clock_ns
        self._loop: asyncio.AbstractEventLoop | None = None
        self._has_answered = False
        self._is_quiet = False
        self._until_ns = 0
        self._pause = 0
        self._pause_left = 0

    @property
    def is_polling(self) -> bool:
        """Whether the loop is kept awake."""
        return self._loop is not None

    def answered(self) -> None:
        """An answer was sent."""
        if self._loop is not None:
            self._has_answered = True
        elif self._pause_left:
            self._pause_left -= 1
        else:
            self._loop = asyncio.get_running_loop()
            self._go_on(self._loop)

    def _turn(self, loop: asyncio.AbstractEventLoop) -> None:
        """Once in each turn of the loop, which waits for nothing as long as there is a next time."""
        if self._has_answered:
            if self._is_quiet:  # else it came together with the one before, and nothing was gained
                self._pause //= 2
            self._go_on(loop)
        elif self._clock_ns() < self._until_ns:
            self._is_quiet = True
            loop.call_soon(self._turn, loop)
        else:
            self._loop = None
            self._pause_left = self._pause = min(2 * self._pause + 1, LONGEST_PAUSE)

    def _go_on(self, loop: asyncio.AbstractEventLoop) -> None:
        self._has_answered = self._is_quiet = False
        self._until_ns = self._clock_ns() + POLL_NS
        loop.call_soon(self._turn, loop)
