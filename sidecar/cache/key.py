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
class Variant:
    """One version of an object in another coding, made by a `recipe`: with another one its bytes could differ."""

    coding: str
    version: str
    recipe: str


@dataclass(frozen=True, slots=True)
class CacheKey:
    """One object of one bucket of one store, a slice or a variant of it; `digest` names it in memory and on disk.

    The digest is cryptographic: two keys that collided would serve each other's objects.
    """

    store: str
    bucket: str
    object_key: str
    slice: Slice | None = None
    variant: Variant | None = None
    digest: str = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        name = f"{self.store}\0{self.bucket}\0{self.object_key}"
        if self.slice is not None:
            name += f"\0{self.slice.start}-{self.slice.stop}\0{self.slice.etag}"
        if self.variant is not None:
            name += f"\0{self.variant.coding}\0{self.variant.recipe}\0{self.variant.version}"
        object.__setattr__(self, "digest", hashlib.sha256(name.encode()).hexdigest())

    def of_slice(self, part: Slice) -> "CacheKey":
        """The key of a slice of the object."""
        return replace(self, slice=part)

    def of_variant(self, variant: Variant) -> "CacheKey":
        """The key of a variant of the object."""
        return replace(self, variant=variant)

    @property
    def is_of_one_version(self) -> bool:
        """Whether another version of the object has another key: what is stored under this one does not age."""
        return self.slice is not None or self.variant is not None
