"""A response as the cache holds it: everything but the body."""

from dataclasses import dataclass

Headers = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class StoredResponse:
    """What the bucket said of an object, or that there is none.

    `status` is 200, or 404 for a missing object; `headers` are the representation's, names in lower case;
    `content_length` is in bytes; `last_modified` and `received_at` are seconds since 1970; `initial_age_seconds` is
    the age at `received_at` (RFC 9111 4.2.3) and `lifetime_seconds` the freshness lifetime (RFC 9111 4.2.1).
    `identity` names the one body this metadata belongs to, `epoch` the epoch its fill began in.
    """

    status: int
    headers: Headers
    content_length: int
    etag: str | None
    last_modified: int | None
    received_at: float
    initial_age_seconds: float
    lifetime_seconds: float
    epoch: int
    identity: str

    def age_at(self, now: float) -> float:
        """Seconds since the bucket made or confirmed this response (RFC 9111 4.2.3); never negative."""
        return self.initial_age_seconds + max(0.0, now - self.received_at)

    def ttl_at(self, now: float) -> float:
        """Seconds for which it will stay fresh; negative once it is stale."""
        return self.lifetime_seconds - self.age_at(now)

    def header(self, name: str) -> str | None:
        """The value of a header by its lower-case name."""
        return next((value for known, value in self.headers if known == name), None)
