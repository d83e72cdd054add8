"""Which site answers for which part of the path space."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from sidecar.cache.engine import Engine
    from sidecar.origin.website import Website


class Folder(Protocol):
    """The part of a bucket that is served."""

    @property
    def prefix(self) -> str:
        """What keys begin with now: empty, or a folder with a slash at its end."""
        ...


@dataclass(frozen=True, slots=True)
class FixedFolder:
    """A folder that stays the same while the server runs."""

    prefix: str


class Rules(Protocol):
    """Where the rules of a website are known."""

    @property
    def known(self) -> "Website":
        """The rules as they are known now; the same object for as long as they are the same."""
        ...

    async def current(self) -> "Website":
        """The rules that a request is answered by that comes now."""
        ...


@dataclass(frozen=True, slots=True)
class Site:
    """A part of the path space, and what is served there; `path` is where: empty, or without a slash at its end.

    With `rules` those of `website` are only the ones that are known before anything was read.
    """

    path: str
    website: "Website"
    engine: "Engine"
    folder: Folder
    rules: Rules | None = None

    async def at_present(self) -> "Site":
        """The same with the rules as they are now."""
        return self if self.rules is None else replace(self, website=await self.rules.current())

    def is_unchanged(self) -> bool:
        """Whether the rules are still those that this site has."""
        return self.rules is None or self.rules.known is self.website

    def object_key(self, path: str) -> str:
        """The key for a decoded path within the site."""
        return self.website.object_key(path, self.folder.prefix)

    def resource(self, path: str) -> str:
        """The path as records name it, that of the site included."""
        return f"{self.path}{self.website.resource(path)}"


class Sites:
    """All sites of a server: `root`, and those that are mounted within its path space."""

    def __init__(self, root: Site, mounts: Iterable[Site] = ()) -> None:
        self.root = root
        self._mounts = tuple(sorted(mounts, key=lambda site: len(site.path), reverse=True))

    def find(self, path: str) -> tuple[Site, str]:
        """The site of a decoded path, and the path within it; the longest one wins, by whole segments.

        The path within is empty for a mount's own path without a slash at its end: it is only a place to be sent on
        from.
        """
        for site in self._mounts:
            if path.startswith(site.path):
                within = path[len(site.path) :]
                if not within or within[0] == "/":
                    return site, within
        return self.root, path

    def below(self, path: str) -> list[tuple[Site, str]]:
        """Every site that answers for a path that begins like this, and what paths within it begin with then."""
        owner = next((site for site in self._mounts if path.startswith(f"{site.path}/")), self.root)
        others = [(site, "/") for site in self._mounts if site is not owner and site.path.startswith(path)]
        return [(owner, path[len(owner.path) :]), *others]
