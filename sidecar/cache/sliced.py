"""A large object of which only the parts that somebody asked for are stored."""

from collections.abc import AsyncIterator, Awaitable, Callable

from sidecar.cache.body import Body, Chunk
from sidecar.cache.key import Slice
from sidecar.http.cache_status import CacheStatus

OpenSlice = Callable[[Slice], Awaitable[tuple[Body, CacheStatus]]]


def slice_at(position: int, *, size: int, length: int, etag: str) -> Slice:
    """The aligned slice that holds the byte at `position` of an object of `length` bytes."""
    start = position - position % size
    return Slice(etag, start, min(start + size, length))


class SlicedBody:
    """Reads a body slice by slice; each is fetched when it is needed, unless it is stored.

    Every slice is bound to the ETag of the whole: a version that has changed breaks the answer off, and never mixes.
    """

    is_seekable = True

    def __init__(self, open_slice: OpenSlice, *, size: int, length: int, etag: str) -> None:
        self._open_slice = open_slice
        self._size = size
        self._length = length
        self._etag = etag
        self.status: CacheStatus | None = None
        """How the first slice was come by; None until one was opened."""

    async def chunks(self, start: int, stop: int) -> AsyncIterator[Chunk]:
        """The bytes from `start` up to `stop`. Raises OriginError, OriginChanged above all."""
        position = start
        while position < stop:
            part = slice_at(position, size=self._size, length=self._length, etag=self._etag)
            body, status = await self._open_slice(part)
            self.status = self.status or status
            try:
                async for chunk in body.chunks(position - part.start, min(stop, part.stop) - part.start):
                    yield chunk
            finally:
                await body.close()
            position = part.stop

    async def close(self) -> None:
        """Hold nothing between slices."""
