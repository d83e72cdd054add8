"""What is known of a request once it has been answered, what else happens, and who wants to hear of it."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple, Protocol, TypeAlias

from sidecar.http.cache_status import OUTCOMES
from sidecar.http.client_address import client_address

if TYPE_CHECKING:
    from sidecar.trace import Trace

__all__ = [
    "CLIENT_CLOSED_REQUEST",
    "OUTCOMES",
    "UNASKED",
    "Client",
    "Events",
    "Observer",
    "RecordObserver",
    "Request",
    "RequestRecord",
    "Sent",
    "Summary",
    "Unobserved",
    "Vitals",
    "record_of_hit",
]

CLIENT_CLOSED_REQUEST = 499
"""The status of a client that left before its answer began, as nginx has it."""

UNASKED = "none"
"""The outcome of a request for which the cache was not asked."""


class Client(NamedTuple):
    """Where a request came from, as its X-Real-IP and X-Forwarded-For, if there are any, and its connection say."""

    real_ip: str | None
    forwarded_for: str | None
    peer: str

    @property
    def address(self) -> str:
        """The client's address; worked out only for who wants it."""
        return client_address(real_ip=self.real_ip, forwarded_for=self.forwarded_for, peer=self.peer)


Sent: TypeAlias = str | bytes | None
"""The value of a field, as text, or in UTF-8 and perhaps with whitespace behind it; or there is none."""


class Request(Protocol):
    """The request itself, for who wants more of it than most: nothing is decoded before it is asked for.

    Text is that of UTF-8, with `surrogateescape` for bytes that are none. Not to be kept.
    """

    @property
    def trace(self) -> "Trace | None":
        """What was begun for it in a trace."""
        ...

    def request_line(self) -> tuple[str, str, str]:
        """Method, target and protocol, as they were sent (RFC 9112 3)."""
        ...

    def header(self, name: str) -> str | None:
        """A field's value by its lower-case name; repeated fields are one list (RFC 9110 5.3)."""
        ...

    def forwarding(self) -> "tuple[Sent, Sent]":
        """X-Real-IP and X-Forwarded-For, as they are at hand."""
        ...


class RequestRecord(NamedTuple):
    """One answered request.

    `resource` is the path without query, after the index document was resolved; `peer` is the address of the
    connection; `outcome` is a word of `sidecar.http.cache_status.OUTCOMES`, or `none` where the cache was not asked;
    `duration_ns` is the time spent serving, `first_byte_ns` that of it until the answer began; `timestamp_ns` is
    nanoseconds since 1970. `status` is 0 for a client that left before there was an answer. `is_compressed` is whether
    the body that was sent had a content coding. `request` is None of what was none.
    """

    method: str
    resource: str
    status: int
    body_bytes: int
    peer: str
    media_type: str | None
    outcome: str
    timestamp_ns: int
    duration_ns: int
    first_byte_ns: int = 0
    is_aborted: bool = False
    is_compressed: bool = False
    request: Request | None = None

    @property
    def client(self) -> Client:
        """Where it came from."""
        if self.request is None:
            return Client(None, None, self.peer)
        return Client(self.request.header("x-real-ip"), self.request.header("x-forwarded-for"), self.peer)


class Summary(NamedTuple):
    """What an answer comes to, for everybody who gets it; the fields are those of a `RequestRecord`."""

    method: str
    status: int
    outcome: str
    body_bytes: int
    resource: str
    media_type: str | None
    is_compressed: bool


class Observer(Protocol):
    """Is told of every answered request; must return at once and never raise."""

    def request_began(self) -> None:
        """A request is being answered, until `request_ended`; not told of those that are answered at once."""
        ...

    def request_ended(self) -> None:
        """See `request_began`."""
        ...

    def request_answered(self, record: RequestRecord) -> None:
        """Take note of `record`."""
        ...

    def hit(self, answer: Summary, request: Request, peer: str, timestamp_ns: int, spent_ns: int) -> None:
        """Take note of an answer out of memory that was sent at once, and whole.

        Not a record, which would cost as much as finding the answer; `peer`, the timestamp and the time spent are as in
        one.
        """
        ...


class RecordObserver(ABC):
    """An observer that wants a record of hits, too; `other` hears of requests that begin and end."""

    def __init__(self, other: Observer) -> None:
        self.request_began = other.request_began
        self.request_ended = other.request_ended

    @abstractmethod
    def request_answered(self, record: RequestRecord) -> None:
        """See `Observer`."""

    def hit(self, answer: Summary, request: Request, peer: str, timestamp_ns: int, spent_ns: int) -> None:
        """See `Observer`."""
        self.request_answered(record_of_hit(answer, request, peer, timestamp_ns, spent_ns))


def record_of_hit(answer: Summary, request: Request, peer: str, timestamp_ns: int, spent_ns: int) -> RequestRecord:
    """What there is to tell of it."""
    method, status, outcome, body_bytes, resource, media_type, is_compressed = answer
    return RequestRecord(
        method, resource, status, body_bytes, peer, media_type, outcome, timestamp_ns, spent_ns, spent_ns,
        is_compressed=is_compressed, request=request,
    )  # fmt: skip


class Events(Protocol):
    """Is told of what happens behind requests, on the event loop's thread; must return at once and never raise."""

    def origin_asked(self, operation: str, code: str, seconds: float) -> None:
        """A request to the bucket has been answered by a status, or ended by a word instead, after so many seconds."""
        ...

    def origin_received(self, size_bytes: int) -> None:
        """A piece of a body has come from the bucket."""
        ...

    def fill_failed(self, reason: str) -> None:
        """An object could not be fetched."""
        ...


class Unobserved:
    """Events that nobody wants to hear of."""

    def origin_asked(self, operation: str, code: str, seconds: float) -> None:
        """See `Events`."""

    def origin_received(self, size_bytes: int) -> None:
        """See `Events`."""

    def fill_failed(self, reason: str) -> None:
        """See `Events`."""


@dataclass(frozen=True, slots=True)
class Vitals:
    """How a worker is just now; counts are since its start, instants seconds since 1970, 0 for never."""

    fills: int = 0
    waiting: int = 0
    disk_failures: int = 0
    evictions: Mapping[str, int] = field(default_factory=dict)
    circuits: Mapping[str, int] = field(default_factory=dict)
    without_credentials: int = 0
    credentials_expire_at: float = 0.0
    credentials_renewals: int = 0
    origin_retries: int = 0
    origin_answered_at: float = 0.0
    origin_failed_at: float = 0.0
    access_log_lost: int = 0
