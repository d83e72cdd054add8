"""What the engine needs from the outside: a bucket, a place for metadata, a place for bodies."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from enum import Enum, auto
from typing import Protocol

from sidecar.cache.body_reader import BodyReader
from sidecar.cache.key import CacheKey
from sidecar.cache.purge import PurgeRule
from sidecar.cache.stored import Headers, StoredResponse
from sidecar.errors import OriginError


@dataclass(frozen=True, slots=True)
class OriginHead:
    """What the bucket said before the body: header names in lower case, the body's length in bytes."""

    headers: Headers
    content_length: int

    def header(self, name: str) -> str | None:
        """The value of a header by its lower-case name."""
        return next((value for known, value in self.headers if known == name), None)


@dataclass(frozen=True, slots=True)
class Validators:
    """What an object is known by: its ETag, and when it was modified, as the bucket wrote them."""

    etag: str | None
    last_modified: str | None


@dataclass(frozen=True, slots=True)
class Span:
    """Bytes `start` up to, but without, `stop` (None: to the end) of the version of an object with this ETag."""

    etag: str
    start: int
    stop: int | None = None


@dataclass(frozen=True, slots=True)
class NotModified:
    """The object is what its validators say; `head` is that of the 304."""

    head: OriginHead


@dataclass(frozen=True, slots=True)
class PageOf:
    """A part of what lies right below a folder: at most `limit` names, from the first after `after` on.

    `prefix` is empty or ends in a slash; `after` is a name as in `FolderEntry`, or empty.
    """

    prefix: str
    after: str
    limit: int


@dataclass(frozen=True, slots=True)
class FolderEntry:
    """An object's name without the folder's prefix, its bytes, and when it was modified, in seconds since 1970.

    The name of a folder ends in a slash; nothing else is known of it.
    """

    name: str
    size: int | None = None
    modified_at: float | None = None

    @property
    def is_folder(self) -> bool:
        """Whether there is more below it."""
        return self.name.endswith("/")


@dataclass(frozen=True, slots=True)
class FolderPage:
    """Some of the entries of a folder, in the order of the keys; unless `is_last`, there are more after them."""

    entries: tuple[FolderEntry, ...]
    is_last: bool


class OriginResponse(Protocol):
    """An object, or a span of it, on its way; must be closed."""

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
    """The bucket. Every call raises OriginError."""

    async def get(self, object_key: str) -> OriginResponse:
        """Ask for an object."""
        ...

    async def get_if_changed(self, object_key: str, known: Validators) -> OriginResponse | NotModified:
        """Ask for an object unless it is the one that is known."""
        ...

    async def get_span(self, object_key: str, span: Span) -> OriginResponse:
        """Ask for a part of one version of an object; OriginChanged when there is another version now."""
        ...

    async def folder(self, page: PageOf) -> FolderPage:
        """What lies right below a folder; nothing when there is no such folder."""
        ...

    def keys(self, prefix: str) -> AsyncIterator[str]:
        """Every key that begins with the prefix."""
        ...


class MetadataStore(Protocol):
    """Stored responses by key; bounded; may forget anything at any time."""

    async def get(self, key: CacheKey) -> StoredResponse | None:
        """What is stored under the key."""
        ...

    def held(self, key: CacheKey) -> StoredResponse | None:
        """What is stored of an object under the key, as far as that can be told at once; counts as a use."""
        ...

    async def put(self, key: CacheKey, stored: StoredResponse) -> None:
        """Store, in place of what was there."""
        ...

    async def remove(self, key: CacheKey) -> None:
        """Forget the key."""
        ...

    async def clear(self) -> None:
        """Forget everything."""
        ...


class Phase(Enum):
    """How far the leader of a fill has come."""

    WAITING = auto()
    """Nothing is known yet."""
    FILLING = auto()
    """The response has begun; its body comes."""
    COMPLETE = auto()
    """The response and its body are stored."""
    FAILED = auto()
    """The bucket did not give it."""
    SETTLED = auto()
    """The bucket was not asked, or said that nothing has changed: what is stored may be used."""


@dataclass(frozen=True, slots=True)
class Sight:
    """What can be seen of a fill: `stored` and the bytes `available` once it has begun, `error` once it has failed.

    `forward_status` is 304 when it was settled by asking the bucket.
    """

    phase: Phase
    stored: StoredResponse | None = None
    available: int = 0
    error: OriginError | None = None
    forward_status: int | None = None

    @property
    def is_over(self) -> bool:
        """Whether the leader has said its last word."""
        return self.phase not in {Phase.WAITING, Phase.FILLING}


@dataclass(frozen=True, slots=True)
class Turn:
    """When a fill began, by the node's counters. Nobody joins a fill of an earlier turn."""

    epoch: int
    generation: int


class Part(Protocol):
    """A key's place for a fill, on this node. One process leads, all others look on. Must be closed."""

    def try_to_lead(self) -> bool:
        """Become the leader, unless somebody is; what a leader that died has left can be seen by `look`."""
        ...

    def look(self) -> Sight:
        """How far it has come. Raises OSError."""
        ...

    def reader(self) -> BodyReader:
        """Reads what has been written so far, and what will be. Raises OSError."""
        ...

    async def begin(self, stored: StoredResponse) -> None:
        """Leader: say what is coming, and make room for it. Raises OSError when there is none, or ValueError."""
        ...

    async def resume(self) -> None:
        """Leader: go on where the last leader died. Raises OSError."""
        ...

    async def write(self, chunk: bytes) -> None:
        """Leader: append to the body. Raises OSError."""
        ...

    async def commit(self) -> None:
        """Leader: make it what is stored under the key, at once or not at all. Raises OSError."""
        ...

    def drop(self) -> None:
        """Leader: leave no file, since what is in it was cleared or purged meanwhile."""
        ...

    async def announce(self, stored: StoredResponse) -> None:
        """Leader: tell all who look on of a response that has no body and is not kept here."""
        ...

    async def fail(self, error: OriginError) -> None:
        """Leader: tell all who look on that the bucket did not give it."""
        ...

    async def settle(self, forward_status: int | None) -> None:
        """Leader: tell all who look on to use what is stored."""
        ...

    def close(self) -> None:
        """Let go; a leader that did not commit leaves no file. Safe to repeat."""
        ...


class BodyStore(Protocol):
    """Bodies by key, each with the metadata it belongs to. Any of them may vanish at any time."""

    async def claim(self, key: CacheKey, turn: Turn) -> tuple[Part, bool]:
        """The place for a fill, and whether this call leads it. Raises OSError when the directory cannot be used."""
        ...

    async def find(self, key: CacheKey) -> StoredResponse | None:
        """What is stored under the key, by whichever worker, in whichever epoch."""
        ...

    async def open(self, key: CacheKey, stored: StoredResponse) -> BodyReader | None:
        """The body that belongs to `stored`, whole; None when it is gone, cut short or another's."""
        ...

    async def freshen(self, key: CacheKey, stored: StoredResponse) -> None:
        """Put new metadata to the body of the same identity, if that is still there."""
        ...

    async def remove(self, key: CacheKey) -> bool:
        """Remove what is stored under the key; whether there was something."""
        ...

    async def remove_purged(self, rule: PurgeRule, purge_count: int) -> int:
        """Remove all that the rule names and that was stored before it; how many that were."""
        ...

    async def mark_clear(self, *, is_begun: bool) -> None:
        """While a clear is begun, a server that is started removes everything before it serves."""
        ...

    async def remove_other_epochs(self, epoch: int) -> int:
        """Remove all that was stored in another epoch; how many that were."""
        ...
