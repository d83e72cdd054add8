"""What the hot path keeps: objects, their representations, and answers made of them."""

from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, NamedTuple, Protocol, TypeAlias

from sidecar.http.entity_tag import EntityTag
from sidecar.server.wire import KEEP_ALIVE

if TYPE_CHECKING:
    from sidecar.cache.body_reader import BodyReader
    from sidecar.cache.stored import StoredResponse
    from sidecar.observe import Summary
    from sidecar.server.head import Head
    from sidecar.server.responses import Question, Reply

LONG_WAY_SECONDS: Final = 45.0
"""How often an answer is made by Sanic all the same, so that the disk learns that the body is in use."""

JOINED_BYTES: Final = 64 * 1024
"""Up to this an answer is kept as one piece, in memory; what is longer stays in its file."""

OPEN_FILE_BYTES: Final = 256 * 1024
"""What an open file counts as: a worker may have fewer of them than there are large objects."""

_ENCODINGS: Final = 32
_ENTRY_BYTES: Final = 1024  # what it takes beside its representations, and what one of these takes, by tracemalloc
_AROUND_BYTES: Final = 3150
_UNLIKE: Final = frozenset({b"if-match", b"if-range", b"if-unmodified-since", b"range"})


class FileSpan(NamedTuple):
    """Bytes of a body that are not in memory: `size` of them from `offset`."""

    body: "FileBody"
    offset: int
    size: int


Content: TypeAlias = bytes | FileSpan
"""The body of an answer: in memory, or in a file."""


class Body(Protocol):
    """All of a body, wherever it is."""

    def content(self, start: int, stop: int) -> Content:
        """The bytes from `start` up to `stop`."""
        ...

    def close(self) -> None:
        """Give back what is held."""
        ...


class MemoryBody:
    """A body that is held in memory."""

    def __init__(self, text: bytes) -> None:
        self._text = text

    def content(self, start: int, stop: int) -> Content:
        """A part of it, or all."""
        return self._text[start:stop]  # of all there is no copy

    def close(self) -> None:
        """Hold nothing else."""


class FileBody:
    """A body that stays in its file.

    `forget` makes the cache do without it, once it was found to be lost; `closed` is called when it is closed.
    """

    def __init__(
        self,
        reader: "BodyReader",
        forget: Callable[[], Coroutine[Any, Any, None]],
        closed: Callable[[], None] | None = None,
    ) -> None:
        self.reader = reader
        self.forget = forget
        self.is_lost = False
        self._closed = closed

    def content(self, start: int, stop: int) -> Content:
        """Where it is."""
        return FileSpan(self, start, stop - start)

    def close(self) -> None:
        """Close the file."""
        self.reader.close()
        if self._closed is not None:
            self._closed()


class HotAnswer(NamedTuple):
    """What to write, first `data` and then `span`, and what there is to tell of it."""

    data: tuple[bytes, ...]
    span: FileSpan | None
    summary: "Summary"


class Prepared(NamedTuple):
    """An answer as most clients get it, on a connection that is kept; its head but for the last line, and its text.

    It is right from the instant `since` to just before `until`.
    """

    answer: HotAnswer
    head: bytes
    text: bytes
    since: float
    until: float


def size_in_memory(length: int, head_bytes: int) -> int:
    """What a representation takes with a body of this length, once it has been sent and a client had it already.

    The body is there by itself and joined to the head of the 200; that head is there twice as well, and so is that of
    the 304, which is hardly shorter. What is around them was measured: 2,100 bytes, and 600 and 450 for the answers.
    HEAD and ranges are not counted: few ask for them, and they add 1.4 and 0.6 KB.
    """
    return 2 * length + 4 * head_bytes + _AROUND_BYTES


def in_pieces(head: bytes, text: bytes) -> tuple[bytes, ...]:
    """An answer for a connection that is kept: short ones are joined, once; what is long is not held twice."""
    begun = head + KEEP_ALIVE
    return (begun + text,) if len(text) <= JOINED_BYTES else (begun, text)


@dataclass(slots=True)
class Representation:
    """One representation of an object: its metadata, its body, and answers that were made of it.

    `resource` is the path that it is told of by. `render` answers a question at an instant, by the method, with every
    header but Connection. `size` is what it takes in memory, in bytes. `is_current` tells whether the cache would still
    use all that it was made of, which is fresh before the instant `fresh_until`. `whole` and `unchanged` are answers by
    method: to who has nothing, and to who has it. `around` is what stands before and after the length in a 206, and the
    200 it was made of.
    """

    resource: str
    stored: "StoredResponse"
    render: Callable[["Question", str, float], "Reply"]
    body: Body
    size: int
    is_current: Callable[[], bool]
    fresh_until: float
    whole: dict[bytes, Prepared] = field(default_factory=dict)
    unchanged: dict[bytes, Prepared] = field(default_factory=dict)
    around: tuple[Prepared | None, bytes, bytes] = (None, b"", b"")
    etag: bytes | None = field(init=False)
    is_coded: bool = field(init=False)

    def __post_init__(self) -> None:
        self.is_coded = self.stored.header("content-encoding") is not None
        etag = self.stored.etag
        self.etag = None if etag is None or EntityTag.parse(etag) is None else etag.encode()

    def is_held(self, head: "Head") -> bool:
        """Whether the client surely has it; what is less plain is left to those who know all of RFC 9110 13."""
        held = head.field(b"if-none-match")
        return held is not None and held == self.etag and head.names.lowered.isdisjoint(_UNLIKE)


@dataclass(slots=True)
class Entry:
    """What is known of one path: the object it names, and its representations by the Accept-Encoding they suit.

    `digest` names `original` in the cache. Where there is but one representation it is kept under None, which otherwise
    stands for an absent Accept-Encoding.
    `long_way_at` is when a request is to be answered by Sanic again.
    """

    digest: str
    original: "StoredResponse"
    is_negotiable: bool
    long_way_at: float
    by_encoding: dict[bytes | None, Representation] = field(default_factory=dict)

    @property
    def size(self) -> int:
        """Bytes in memory, about."""
        return _ENTRY_BYTES + sum(one.size for one in self._representations())

    def suiting(self, accept_encoding: bytes | None) -> Representation | None:
        """What was sent for this Accept-Encoding before."""
        return self.by_encoding.get(accept_encoding if self.is_negotiable else None)

    def put_off_long_way(self, now: float) -> None:
        """Let Sanic answer one request, and no other one for a while."""
        self.long_way_at = now + LONG_WAY_SECONDS

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
                one.body.close()

    def wants(self, accept_encoding: bytes | None) -> bool:
        """Whether there is nothing yet for this Accept-Encoding, and room: requests choose how many there are."""
        return self.suiting(accept_encoding) is None and len(self.by_encoding) < _ENCODINGS

    def close(self) -> None:
        """Close every body."""
        for representation in self._representations():
            representation.body.close()

    def _representations(self) -> list[Representation]:
        return list({id(one): one for one in self.by_encoding.values()}.values())
