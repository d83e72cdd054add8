"""What the engine needs of those who code and decode bodies."""

import asyncio
from typing import Protocol


class Coders(Protocol):
    """Applies and undoes content codings, off the event loop; the names are those of Content-Encoding."""

    places: asyncio.Semaphore
    """How many bodies may be worked on at once. Each is in memory, as a whole."""

    def recipe(self, coding: str) -> str:
        """What the bytes of a coding depend on beside the body, in a word."""
        ...

    async def encode(self, coding: str, body: bytes) -> bytes:
        """The body in a coding. Raises OriginError when that is not possible now."""
        ...

    async def decode(self, coding: str, body: bytes, most: int) -> bytes | None:
        """The body without its coding; None when it is not in it, or would have more than `most` bytes.

        Raises OriginError when that is not possible now.
        """
        ...
