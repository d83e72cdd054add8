"""Opens the body that belongs to a stored response, however it is kept."""

from collections.abc import Callable

from sidecar.cache.body import Body, EmptyBody, StoredBody
from sidecar.cache.key import CacheKey
from sidecar.cache.stored import StoredResponse
from sidecar.cache.tools import Tools

OpenSliced = Callable[[CacheKey, StoredResponse], Body]


class Opening:
    """Opens bodies: whole, in slices, or none."""

    def __init__(self, tools: Tools, open_sliced: OpenSliced) -> None:
        self._tools = tools
        self._open_sliced = open_sliced

    async def open(self, key: CacheKey, stored: StoredResponse) -> Body | None:
        """The body; None when it is gone. Raises OSError."""
        if stored.is_sliced:
            return await self._open_whole(key, stored) or self._open_sliced(key, stored)
        if not stored.has_body:
            return EmptyBody()
        reader = await self._tools.bodies.open(key, stored)
        return None if reader is None else StoredBody(reader)

    async def _open_whole(self, key: CacheKey, stored: StoredResponse) -> Body | None:
        """All of an object that this worker knows in slices, if another has stored that since."""
        found = await self._tools.bodies.find(key)
        if found is None or not found.has_body or found.etag != stored.etag or self._tools.is_gone(key, found):
            return None
        await self._tools.metadata.put(key, found)
        reader = await self._tools.bodies.open(key, found)
        return None if reader is None else StoredBody(reader)
