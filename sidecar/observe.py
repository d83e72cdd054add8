"""What is known of a request once it has been answered, and who wants to hear of it."""

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class RequestRecord:
    """One answered request.

    `resource` is the path without query, after the index document was resolved; `outcome` is a word of
    `sidecar.http.cache_status.OUTCOMES`, or `none` where the cache was not asked; `duration_ns` is the time spent
    serving; `timestamp_ns` is nanoseconds since 1970.
    """

    method: str
    resource: str
    status: int
    body_bytes: int
    client_address: str
    media_type: str | None
    outcome: str
    timestamp_ns: int
    duration_ns: int


class Observer(Protocol):
    """Is told of every answered request; must return at once and never raise."""

    def request_answered(self, record: RequestRecord) -> None:
        """Take note of `record`."""
        ...
