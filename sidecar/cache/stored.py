"""A response as the cache holds it: everything but the body."""

from dataclasses import dataclass
from enum import StrEnum
from http import HTTPStatus

Headers = tuple[tuple[str, str], ...]


class Kind(StrEnum):
    """What a stored response stands for."""

    OBJECT = "object"
    """An object, with its body."""
    MISSING = "missing"
    """There is no such object."""
    SLICED = "sliced"
    """A large object whose parts are stored, each under a key of its own."""
    UNCODED = "uncoded"
    """A variant that would be no smaller, or cannot be made: the object is sent as it is stored."""
    UNSTORABLE = "unstorable"
    """There is one that may not be stored: whoever asks goes to the bucket, and waits for nobody else's answer."""


@dataclass(frozen=True, slots=True)
class StoredResponse:
    """What the bucket said of an object.

    `headers` are the representation's, names in lower case; `content_length` is in bytes; instants are seconds since
    1970. `initial_age_seconds` is the age at `received_at` (RFC 9111 4.2.3), `lifetime_seconds` the freshness lifetime
    (RFC 9111 4.2.1); the two stale spans begin where it ends (RFC 5861). `tags` are the object's surrogate keys.

    `epoch` and `purge_count` are those in which its fill began; `identity` names the one body that belongs to it.
    """

    kind: Kind
    headers: Headers
    content_length: int
    etag: str | None
    last_modified: int | None
    received_at: float
    initial_age_seconds: float
    lifetime_seconds: float
    stale_while_revalidate_seconds: float
    stale_if_error_seconds: float
    tags: tuple[str, ...]
    epoch: int
    purge_count: int
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

    @property
    def redirect_location(self) -> str | None:
        """Where the object leads to, as its uploader wrote it (x-amz-website-redirect-location)."""
        return self.header("x-amz-website-redirect-location")

    @property
    def has_body(self) -> bool:
        """Whether its body lies in the same file."""
        return self.kind is Kind.OBJECT

    @property
    def body_length(self) -> int:
        """Bytes of the body that lies in the same file."""
        return self.content_length if self.has_body else 0

    @property
    def is_sliced(self) -> bool:
        """Whether it stands for an object whose parts are stored."""
        return self.kind is Kind.SLICED

    @property
    def is_bare(self) -> bool:
        """Whether its metadata alone is kept on disk."""
        return self.kind in {Kind.SLICED, Kind.UNCODED}

    @property
    def origin_status(self) -> int:
        """The status that the bucket gave, or would give."""
        return HTTPStatus.NOT_FOUND if self.kind is Kind.MISSING else HTTPStatus.OK

    @property
    def is_unstorable(self) -> bool:
        """Whether it stands for an object that may not be stored."""
        return self.kind is Kind.UNSTORABLE

    @property
    def has_strong_etag(self) -> bool:
        """Whether the bucket can be asked for more of exactly this version (RFC 9110 8.8.1)."""
        return self.etag is not None and not self.etag.startswith("W/")

    @property
    def has_validator(self) -> bool:
        """Whether the bucket can be asked if it still is what it was.

        Not for an object that leads elsewhere: its body, mostly empty, and so its ETag stay when the redirect changes.
        """
        if self.redirect_location is not None:
            return False
        return (self.has_body or self.is_sliced) and (self.etag is not None or self.last_modified is not None)
