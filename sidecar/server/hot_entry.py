"""What the hot path keeps: objects, their representations, and answers made of them."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, NamedTuple, Protocol

from sidecar.http.entity_tag import EntityTag
from sidecar.server.wire import KEEP_ALIVE

if TYPE_CHECKING:
    from sidecar.cache.stored import StoredResponse
    from sidecar.server.responses import Question, Reply

MAX_BODY_BYTES: Final = 1024 * 1024
"""The most that is sent at once: a longer answer has to be sent bit by bit, as the client takes it."""

LONG_WAY_SECONDS: Final = 45.0
"""How often an answer is made by Sanic all the same, so that the disk learns that the body is in use."""

JOINED_BYTES: Final = 64 * 1024
"""Up to this an answer is kept as one piece."""

OPEN_FILE_BYTES: Final = 256 * 1024
"""What an open file counts as: a worker may have fewer of them than there are large objects."""

_ENCODINGS: Final = 32
_OVERHEAD_BYTES: Final = 4096  # what an entry takes beside its bodies, about
_UNLIKE: Final = frozenset({b"if-match", b"if-range", b"if-unmodified-since", b"range"})


class Reader(Protocol):
    """The bytes of a body, as far as they can be had at once; must be closed."""

    def read_now(self, offset: int, size: int) -> bytes | bytearray | None:
        """`size` bytes from `offset`; None when they would have to be waited for. Raises OSError."""
        ...

    def close(self) -> None:
        """Give back what is held."""
        ...


class MemoryReader:
    """A body that is held in memory."""

    def __init__(self, body: bytes) -> None:
        self._body = body

    def read_now(self, offset: int, size: int) -> bytes:
        """A part of it, or all."""
        return self._body if size == len(self._body) else self._body[offset : offset + size]

    def close(self) -> None:
        """Hold nothing else."""


class Prepared(NamedTuple):
    """An answer: its head but for the last line, its body, and both as most clients get them.

    It is right from the instant `since` to just before `until`.
    """

    status: int
    head: bytes
    body: bytes | bytearray
    whole: tuple[bytes | bytearray, ...]
    media_type: str | None
    since: float
    until: float


def in_pieces(head: bytes, body: bytes | bytearray) -> tuple[bytes | bytearray, ...]:
    """An answer for a connection that is kept: short ones are joined, once; what is long is not held twice."""
    begun = head + KEEP_ALIVE
    return (begun + body,) if len(body) <= JOINED_BYTES else (begun, body)


@dataclass(slots=True)
class Representation:
    """One representation of an object: its metadata, its body, and answers that were made of it.

    `render` answers a question at an instant, by the method, with every header but Connection. `size` is what it takes
    in memory, in bytes. `is_current` tells whether the cache would still use all that it was made of, which is fresh
    before the instant `fresh_until`.
    """

    stored: "StoredResponse"
    render: Callable[["Question", str, float], "Reply"]
    reader: Reader
    size: int
    is_current: Callable[[], bool]
    fresh_until: float
    prepared: dict[tuple[bytes, bool], Prepared] = field(default_factory=dict)
    etag: bytes | None = field(init=False)

    def __post_init__(self) -> None:
        etag = self.stored.etag
        self.etag = None if etag is None or EntityTag.parse(etag) is None else etag.encode()

    def is_held(self, fields: dict[bytes, bytes]) -> bool:
        """Whether the client surely has it; what is less plain is left to those who know all of RFC 9110 13."""
        held = fields.get(b"if-none-match")
        return held is not None and held == self.etag and fields.keys().isdisjoint(_UNLIKE)

    def is_too_long(self) -> bool:
        """Whether all of it cannot be sent at once."""
        return self.stored.content_length > MAX_BODY_BYTES


@dataclass(slots=True)
class Entry:
    """What is known of one path: the object it names, and its representations by the Accept-Encoding they suit.

    `digest` names `original` in the cache. Where there is but one representation it is kept under None, which otherwise
    stands for an absent Accept-Encoding.
    `long_way_at` is when a request is to be answered by Sanic again.
    """

    resource: str
    digest: str
    original: "StoredResponse"
    is_negotiable: bool
    long_way_at: float
    by_encoding: dict[bytes | None, Representation] = field(default_factory=dict)

    @property
    def size(self) -> int:
        """Bytes in memory, about."""
        return _OVERHEAD_BYTES + sum(one.size for one in self._representations())

    def suiting(self, accept_encoding: bytes | None) -> Representation | None:
        """What was sent for this Accept-Encoding before."""
        return self.by_encoding.get(accept_encoding if self.is_negotiable else None)

    def takes_long_way(self, now: float) -> bool:
        """Whether this request is to be answered by Sanic: one is, now and then."""
        if now < self.long_way_at:
            return False
        self.long_way_at = now + LONG_WAY_SECONDS
        return True

    def add(self, accept_encoding: bytes | None, representation: Representation) -> None:
        """Keep a representation, once however many Accept-Encodings it suits."""
        accepted = accept_encoding if self.is_negotiable else None
        before = self.by_encoding.get(accepted)
        known = next((one for one in self._representations() if one.stored == representation.stored), representation)
        if before is not None or len(self.by_encoding) < _ENCODINGS:
            self.by_encoding[accepted] = known
        kept = {id(one) for one in self._representations()}
        for one in (before, representation):
            if one is not None and id(one) not in kept:
                one.reader.close()

    def wants(self, accept_encoding: bytes | None) -> bool:
        """Whether there is nothing yet for this Accept-Encoding, and room: requests choose how many there are."""
        return self.suiting(accept_encoding) is None and len(self.by_encoding) < _ENCODINGS

    def close(self) -> None:
        """Close every body."""
        for representation in self._representations():
            representation.reader.close()

    def _representations(self) -> list[Representation]:
        return list({id(one): one for one in self.by_encoding.values()}.values())
