"""What a stored response is found by."""

import hashlib
from dataclasses import dataclass, field, replace


@dataclass(frozen=True, slots=True)
class Slice:
    """An aligned part of one version of an object: bytes `start` up to, but without, `stop`."""

    etag: str
    start: int
    stop: int


@dataclass(frozen=True, slots=True)
class CacheKey:
    """One object of one bucket of one store, or a slice of it; `digest` names it in memory and on disk.

    The digest is cryptographic: two keys that collided would serve each other's objects.
    """

    store: str
    bucket: str
    object_key: str
    slice: Slice | None = None
    digest: str = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        name = f"{self.store}\0{self.bucket}\0{self.object_key}"
        if self.slice is not None:
            name += f"\0{self.slice.start}-{self.slice.stop}\0{self.slice.etag}"
        object.__setattr__(self, "digest", hashlib.sha256(name.encode()).hexdigest())

    def of_slice(self, part: Slice) -> "CacheKey":
        """The key of a slice of the object."""
        return replace(self, slice=part)
