"""What a stored response is found by."""

import hashlib
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class CacheKey:
    """One object of one bucket of one store; `digest` names it in memory and on disk.

    The digest is cryptographic: two keys that collided would serve each other's objects.
    """

    store: str
    bucket: str
    object_key: str
    digest: str = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        name = f"{self.store}\0{self.bucket}\0{self.object_key}"
        object.__setattr__(self, "digest", hashlib.sha256(name.encode()).hexdigest())
