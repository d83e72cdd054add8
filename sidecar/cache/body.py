"""The body of an answer, wherever its bytes are at the moment."""

from collections.abc import AsyncIterator
from typing import Protocol

from sidecar.cache.body_reader import BodyReader
from sidecar.cache.ports import OriginResponse
from sidecar.cache.progress import Progress
from sidecar.errors import BodyLost

CHUNK = 256 * 1024


Chunk = bytes | bytearray


class Body(Protocol):
    """A body that can be sent; must be closed."""

    @property
    def is_seekable(self) -> bool:
        """Whether `chunks` may begin and end anywhere."""
        ...

    def chunks(self, start: int, stop: int) -> AsyncIterator[Chunk]:
        """The bytes from `start` up to `stop`, piece by piece. Raises OriginError, BodyLost or OSError."""
        ...

    async def close(self) -> None:
        """Give back what is held; safe to repeat."""
        ...


async def wait_for_all(body: Body, length: int) -> None:
    """Wait for the last of `length` bytes: it comes when all of them are stored. Raises as `Body.chunks` does."""
    async for _ in body.chunks(max(0, length - 1), length):
        pass


class EmptyBody:
    """No bytes at all."""

    is_seekable = True

    async def chunks(self, start: int, stop: int) -> AsyncIterator[Chunk]:
        """Nothing."""
        return
        yield b""

    async def close(self) -> None:
        """Hold nothing."""


class StoredBody:
    """A body that lies in the store, whole, or still grows there while `progress` counts."""

    is_seekable = True

    def __init__(self, reader: BodyReader, progress: Progress | None = None) -> None:
        self._reader = reader
        self._progress = progress

    async def chunks(self, start: int, stop: int) -> AsyncIterator[Chunk]:
        """The bytes from `start` up to `stop`, each as soon as it is there."""
        position = start
        while position < stop:
            available = stop if self._progress is None else await self._progress.beyond(position)
            size = min(CHUNK, stop - position, available - position)
            chunk = self._reader.read_now(position, size) or await self._reader.read(position, size)
            if not chunk:
                raise BodyLost("the stored body was cut short while it was being sent")
            yield chunk
            position += len(chunk)

    def share(self) -> BodyReader:
        """Another reader of the body. Raises OSError."""
        return self._reader.share()

    async def close(self) -> None:
        """Close the reader."""
        self._reader.close()


class PassingBody:
    """A body that goes from the bucket to one client and is not stored."""

    is_seekable = False

    def __init__(self, response: OriginResponse) -> None:
        self._response = response

    async def chunks(self, start: int, stop: int) -> AsyncIterator[Chunk]:
        """The bytes from `start` up to `stop`; what comes before them is fetched and dropped."""
        position = 0
        async for chunk in self._response.chunks():
            wanted = chunk[max(0, start - position) : max(0, stop - position)]
            position += len(chunk)
            if wanted:
                yield wanted

    async def close(self) -> None:
        """Give back the connection to the bucket."""
        await self._response.close()
