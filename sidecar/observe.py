"""What is known of a request once it has been answered, and who wants to hear of it."""

from typing import NamedTuple, Protocol

from sidecar.http.client_address import client_address


class Client(NamedTuple):
    """Where a request came from, as its X-Real-IP and X-Forwarded-For, if there are any, and its connection say."""

    real_ip: str | None
    forwarded_for: str | None
    peer: str

    @property
    def address(self) -> str:
        """The client's address; worked out only for who wants it."""
        return client_address(real_ip=self.real_ip, forwarded_for=self.forwarded_for, peer=self.peer)


class RequestRecord(NamedTuple):
    """One answered request; a tuple, since one is made for every request.

    `resource` is the path without query, after the index document was resolved; `outcome` is a word of
    `sidecar.http.cache_status.OUTCOMES`, or `none` where the cache was not asked; `duration_ns` is the time spent
    serving; `timestamp_ns` is nanoseconds since 1970.
    """

    method: str
    resource: str
    status: int
    body_bytes: int
    client: Client
    media_type: str | None
    outcome: str
    timestamp_ns: int
    duration_ns: int


class Observer(Protocol):
    """Is told of every answered request; must return at once and never raise."""

    def request_answered(self, record: RequestRecord) -> None:
        """Take note of `record`."""
        ...
