"""The objects that are served: the same bytes in the bucket and before the peers."""

import gzip
import hashlib
import random
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from support.s3_store import S3Store

CACHE_CONTROL = "public, max-age=86400"
"""Of every object: nothing becomes stale during a run."""

_HTML = "text/html; charset=utf-8"
_BINARY = "application/octet-stream"
_WORDS = ("the", "cached", "page", "of", "a", "bucket", "costs", "less", "than", "one", "that", "nobody", "has", "kept")
_BLOCK = 65_536


@dataclass(frozen=True, slots=True)
class Object:
    """One object; its bytes follow from its key, so that they need not be kept."""

    key: str
    size: int
    is_precompressed: bool = False
    """Whether the peers' origin has a gzip variant of it."""

    @property
    def media_type(self) -> str:
        """HTML where the key says so."""
        return _HTML if self.key.endswith(".html") else _BINARY

    @property
    def path(self) -> str:
        """The path of the website."""
        return f"/{self.key}"

    def body(self) -> bytes:
        """Text that compresses about as a page does, or bytes that do not."""
        seed = random.Random(self.key)  # noqa: S311 - the same bytes each time
        if self.media_type == _BINARY:
            block = seed.randbytes(_BLOCK)
            return (block * (self.size // _BLOCK + 1))[: self.size]
        words = (seed.choice(_WORDS) + str(seed.randrange(1000)) for _ in range(self.size // 5))
        return f"<!doctype html><title>{self.key}</title><p>{' '.join(words)}".encode()[: self.size]

    def digest(self) -> str:
        """SHA-256 of the body."""
        return hashlib.sha256(self.body()).hexdigest()


def upload(store: "S3Store", objects: Iterable[Object]) -> None:
    """Put them into a bucket."""
    for item in objects:
        store.put(item.key, item.body(), content_type=item.media_type, cache_control=CACHE_CONTROL)


def write(folder: Path, objects: Iterable[Object]) -> None:
    """Put them into a folder."""
    for item in objects:
        file = folder / item.key
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(item.body())
        if item.is_precompressed:
            file.with_name(f"{file.name}.gz").write_bytes(gzip.compress(item.body(), compresslevel=6, mtime=0))


def small_objects(name: str, count: int) -> tuple[Object, ...]:
    """So many pages of the usual small size below a folder."""
    return tuple(Object(f"{name}/{number}.html", SMALL.size) for number in range(count))


SMALL = Object("page.html", 2_950)
CODED = Object("coded.html", 30_000, is_precompressed=True)
MIDDLE = Object("middle.bin", 65_536)
MEGABYTE = Object("megabyte.bin", 1024 * 1024)
