"""What the management endpoints need of the server."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any, Protocol

Document = dict[str, Any]
"""A JSON object."""

MAX_CONCURRENCY = 32


@dataclass(frozen=True, slots=True)
class Purge:
    """What to purge: `scope` is key, prefix or tag. Keys and prefixes that begin with a slash are paths."""

    scope: str
    value: str
    is_soft: bool


@dataclass(frozen=True, slots=True)
class WarmOrder:
    """What to fetch: every key with a prefix, or these keys; those that begin with a slash are paths."""

    prefix: str | None
    keys: tuple[str, ...]
    concurrency: int


@dataclass(frozen=True, slots=True)
class SwitchOrder:
    """Which folder to serve; `is_forced` for one that the bucket may have nothing of."""

    prefix: str
    is_forced: bool


class Management(Protocol):
    """The server, as its operators take it in hand. Every call raises ValueError for what cannot be meant."""

    async def clear(self) -> None:
        """Clear the cache, in every worker before this returns."""
        ...

    async def purge(self, purge: Purge) -> tuple[list[Document], int]:
        """The rules that it came to, and how many bodies went."""
        ...

    def warm(self, order: WarmOrder) -> AsyncIterator[Document]:
        """Fetch what is not stored; how far that has come, a few times a second and at the end."""
        ...

    async def entry(self, path: str) -> Document:
        """What would become of a plain GET of a decoded path."""
        ...

    @property
    def prefix(self) -> str:
        """The folder of the root's bucket that is served."""
        ...

    async def switch(self, prefix: str, *, is_forced: bool) -> str:
        """Serve another one from the next request on; return which it was before.

        Raises OriginError, unless forced: OriginNotFound when the bucket has nothing below it.
        """
        ...

    def config(self) -> Document:
        """Effective settings, secrets masked."""
        ...
