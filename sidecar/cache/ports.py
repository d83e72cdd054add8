"""What the engine needs from the outside: a bucket, a place for metadata, a place for bodies."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Protocol

from sidecar.cache.key import CacheKey
from sidecar.cache.stored import Headers, StoredResponse


@dataclass(frozen=True, slots=True)
class OriginHead:
    """What the bucket said before the body: header names in lower case, the body's length in bytes."""

    headers: Headers
    content_length: int

    def header(self, name: str) -> str | None:
        """The value of a header by its lower-case name."""
        return next((value for known, value in self.headers if known == name), None)


class OriginResponse(Protocol):
    """An object on its way; must be closed."""

    @property
    def head(self) -> OriginHead:
        """Everything but the body."""
        ...

    def chunks(self) -> AsyncIterator[bytes]:
        """The body, piece by piece. Raises OriginError when it ends early or stops coming."""
        ...

    async def close(self) -> None:
        """Give back the connection; safe to repeat."""
        ...


class Origin(Protocol):
    """The bucket."""

    async def get(self, object_key: str) -> OriginResponse:
        """Ask for one object. Raises OriginError."""
        ...


class MetadataStore(Protocol):
    """Stored responses by key; bounded; may forget anything at any time."""

    async def get(self, key: CacheKey) -> StoredResponse | None:
        """What is stored under the key."""
        ...

    async def put(self, key: CacheKey, stored: StoredResponse) -> None:
        """Store, in place of what was there."""
        ...

    async def clear(self) -> None:
        """Forget everything."""
        ...


class BodyReader(Protocol):
    """Random access to one body; must be closed. Stays readable after its file was replaced or removed."""

    async def read(self, offset: int, size: int) -> bytes:
        """Up to `size` bytes from `offset`; fewer at the end of what is there. Raises OSError."""
        ...

    def close(self) -> None:
        """Give back what is held; safe to repeat."""
        ...


class BodyWriter(Protocol):
    """A body that is being written. Ends with `commit` or `discard`."""

    async def write(self, chunk: bytes) -> None:
        """Append. Raises OSError."""
        ...

    def reader(self) -> BodyReader:
        """Reads what has been written so far, and what will be. Raises OSError."""
        ...

    async def commit(self) -> None:
        """Make it the body stored under its key, at once or not at all. Raises OSError."""
        ...

    def discard(self) -> None:
        """Leave no trace; safe to repeat and after `commit`, when it does nothing."""
        ...


class BodyStore(Protocol):
    """Bodies by key, each with the metadata it belongs to. Any of them may vanish at any time."""

    async def create(self, key: CacheKey, stored: StoredResponse) -> BodyWriter:
        """Begin to write a body. Raises OSError when the disk is full, read-only or gone."""
        ...

    async def find(self, key: CacheKey) -> StoredResponse | None:
        """The metadata of the body stored under the key, by whichever worker."""
        ...

    async def open(self, key: CacheKey, stored: StoredResponse) -> BodyReader | None:
        """The body that belongs to `stored`, whole; None when it is gone, cut short or another's."""
        ...
