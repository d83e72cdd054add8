"""How far a body has come, and a way to wait for more."""

import asyncio


class Progress:
    """Counts the bytes of a body that is arriving; any number of readers wait for it to grow."""

    def __init__(self) -> None:
        self.available = 0
        self.error: Exception | None = None
        self._waiters: set[asyncio.Future[None]] = set()

    def advance(self, count: int) -> None:
        """`count` more bytes can be read; nobody is woken for none."""
        if count > 0:
            self.available += count
            self._wake()

    def fail(self, error: Exception) -> None:
        """No more bytes will come."""
        self.error = error
        self._wake()

    async def beyond(self, position: int) -> int:
        """Wait until there is a byte at `position`; returns how many there are. Raises the error that ended it."""
        while self.available <= position:
            if self.error is not None:
                raise self.error.with_traceback(None)
            waiter = asyncio.get_running_loop().create_future()
            self._waiters.add(waiter)
            try:
                await waiter
            finally:
                self._waiters.discard(waiter)
        return self.available

    def _wake(self) -> None:
        for waiter in self._waiters:
            if not waiter.done():
                waiter.set_result(None)
