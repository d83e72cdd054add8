"""Metadata of stored responses in aiocache, bounded in number."""

from collections import OrderedDict
from typing import Any

from aiocache import SimpleMemoryCache

from sidecar.cache.key import CacheKey
from sidecar.cache.stored import StoredResponse

SHARE_OF_OTHERS = 10
"""One entry for a key without an object to so many for objects."""


class BoundedMemoryCache(SimpleMemoryCache):  # type: ignore[misc]  # it carries no types
    """aiocache's memory cache with a bound: the least recently used entry leaves first.

    No TTL of aiocache's is used: its `clear` forgets the timers without cancelling them, and an old timer would later
    delete a newer entry. Freshness lives in the entries themselves.
    """

    def __init__(self, max_entries: int) -> None:
        super().__init__(timeout=0)  # anything else wraps every call in asyncio.wait_for
        self._cache: OrderedDict[str, Any] = OrderedDict()
        self._max_entries = max_entries

    async def _get(self, key: str, encoding: str = "utf-8", _conn: Any = None) -> Any:
        if key not in self._cache:
            return None
        self._cache.move_to_end(key)
        return self._cache[key]

    def held(self, key: str) -> Any:
        """As `get`, without waiting: None for what is not there."""
        found = self._cache.get(key)
        if found is not None:
            self._cache.move_to_end(key)
        return found

    async def _set(self, key: str, value: Any, ttl: Any = None, _cas_token: Any = None, _conn: Any = None) -> bool:
        self._cache[key] = value
        self._cache.move_to_end(key)
        while len(self._cache) > self._max_entries:
            self._cache.popitem(last=False)
        return True

    async def _delete(self, key: str, _conn: Any = None) -> int:
        return 0 if self._cache.pop(key, None) is None else 1

    async def _clear(self, namespace: str | None = None, _conn: Any = None) -> bool:
        self._cache.clear()
        return True


class Metadata:
    """Stored responses by key.

    Those without an object have room of their own: a flood of keys that do not exist drives nothing else out.
    """

    def __init__(self, max_entries: int) -> None:
        self._objects = BoundedMemoryCache(max_entries)
        self._others = BoundedMemoryCache(max(1, max_entries // SHARE_OF_OTHERS))

    async def get(self, key: CacheKey) -> StoredResponse | None:
        """What is stored under the key."""
        stored = await self._objects.get(key.digest) or await self._others.get(key.digest)
        return stored if isinstance(stored, StoredResponse) else None

    def held(self, key: CacheKey) -> StoredResponse | None:
        """What is stored of an object under the key; counts as a use."""
        stored = self._objects.held(key.digest)
        return stored if isinstance(stored, StoredResponse) else None

    async def put(self, key: CacheKey, stored: StoredResponse) -> None:
        """Store, in place of what was there."""
        is_object = stored.has_body or stored.is_sliced
        place, other = (self._objects, self._others) if is_object else (self._others, self._objects)
        await place.set(key.digest, stored)
        await other.delete(key.digest)

    async def remove(self, key: CacheKey) -> None:
        """Forget the key."""
        await self._objects.delete(key.digest)
        await self._others.delete(key.digest)

    async def clear(self) -> None:
        """Forget everything."""
        await self._objects.clear()
        await self._others.clear()
