"""The cache and the release, as operators take them in hand: what the management endpoints do."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

from sidecar.cache.engine import Engine, Place
from sidecar.cache.explain import Explanation, explain
from sidecar.cache.key import CacheKey
from sidecar.cache.policy import Forward, Standing, Use
from sidecar.cache.purge import PurgeRule, Scope
from sidecar.cache.release import folder_of
from sidecar.cache.warm import WarmProgress, warm
from sidecar.errors import OriginError, OriginNotFound, OriginTimeout
from sidecar.http.target import is_possible_key

if TYPE_CHECKING:
    from sidecar.cache.release import Release
    from sidecar.cache.tools import Tools
    from sidecar.server.site import Site, Sites
    from sidecar.tasks import Tasks

Document = dict[str, Any]

_REPORT_SECONDS = 0.3
_ASKING_SECONDS = 5.0
"""How long a switch waits for the bucket: s3ops waits for ten seconds."""
_STANDINGS = {
    Standing.CURRENT: "current",
    Standing.SOFTLY_PURGED: "softly-purged",
    Standing.EARLIER_RUN: "earlier-run",
    Standing.GONE: "gone",
}


class Purge(Protocol):
    """What to purge: see `ops.management`."""

    @property
    def scope(self) -> str:
        """One of key, prefix and tag."""
        ...

    @property
    def value(self) -> str:
        """Its name."""
        ...

    @property
    def is_soft(self) -> bool:
        """Whether it only makes stale."""
        ...


class WarmOrder(Protocol):
    """What to fetch: see `ops.management`."""

    @property
    def prefix(self) -> str | None:
        """What keys begin with; None where they are listed."""
        ...

    @property
    def keys(self) -> tuple[str, ...]:
        """The keys."""
        ...

    @property
    def concurrency(self) -> int:
        """How many at a time."""
        ...


@dataclass(frozen=True, slots=True)
class Desk:
    """One bucket's engine, and what it works with."""

    engine: Engine
    place: Place
    tools: "Tools"

    def key(self, object_key: str) -> CacheKey:
        """What an object of the bucket is found by."""
        return CacheKey(self.place.store, self.place.bucket, object_key)


@dataclass(slots=True)
class _Warming:
    """How far a warm has come, over all buckets."""

    total: int | None
    progress: WarmProgress = field(default_factory=WarmProgress)
    error: str | None = None

    def document(self, state: str) -> Document:
        seen = self.progress
        told = {"done": seen.done, "hits": seen.hits, "fetched": seen.fetched, "missing": seen.missing}
        return {"state": state, "total": self.total} | told | {"failed": seen.failed}


class Management:
    """Does what operators ask for; those of its arguments that begin with a slash are paths of the website."""

    def __init__(
        self,
        sites: "Sites",
        desks: Mapping[Engine, Desk],
        release: "Release",
        tasks: "Tasks",
        told: tuple[Callable[[str], None], Document],
    ) -> None:
        """`told` is who hears of purges, by scope, and the effective settings."""
        self._sites = sites
        self._desks = desks
        self._release = release
        self._tasks = tasks
        self._purged, self._config = told

    async def clear(self) -> None:
        """Clear the cache, in every worker before this returns."""
        self._purged("clear")
        await self._sites.root.engine.clear()

    async def purge(self, purge: Purge) -> tuple[list[Document], int]:
        """The rules that it came to, and how many bodies went. Raises ValueError."""
        rules = list(dict.fromkeys(self._rules(purge)))
        removed = sum([await engine.purge(rule) for engine, rule in rules])
        self._purged(purge.scope)
        named = dict.fromkeys(rule for _, rule in rules)
        return [
            {"scope": rule.scope.name.lower(), "value": rule.value, "soft": rule.is_soft} for rule in named
        ], removed

    def _rules(self, purge: Purge) -> Iterable[tuple[Engine, PurgeRule]]:
        """Each rule, with an engine that removes what it names: of a key each only its own, of all else any."""
        scope, root = Scope[purge.scope.upper()], self._sites.root.engine
        is_path = purge.value.startswith("/")
        if scope is Scope.KEY and not is_path:
            return [(engine, PurgeRule(scope, purge.value, purge.is_soft)) for engine in self._desks]
        if scope is Scope.KEY:
            site, key = self._find(purge.value)
            return [(site.engine, PurgeRule(scope, key, purge.is_soft))]
        if scope is Scope.PREFIX and is_path:
            keys = [_key_prefix(site, within) for site, within in self._sites.below(purge.value)]
            return [(root, PurgeRule(scope, key, purge.is_soft)) for key in keys]
        return [(root, PurgeRule(scope, purge.value, purge.is_soft))]

    def _find(self, path: str) -> tuple["Site", str]:
        """The site and the key for a path. Raises ValueError where there can be none."""
        site, within = self._sites.find(path)
        website = site.website if site.rules is None else site.rules.known
        key = website.object_key(within or "/", site.folder.prefix)
        if not is_possible_key(key):
            raise ValueError("no object can have a key like that")
        return site, key

    async def warm(self, order: WarmOrder) -> AsyncIterator[Document]:
        """Fetch what is not stored; how far that has come, a few times a second and at the end. Raises ValueError."""
        batches = self._batches(order)
        warming = _Warming(None if order.prefix is not None else len(order.keys))
        work = self._tasks.spawn(_warm_all(batches, warming, order.concurrency), name="warm")
        try:
            yield warming.document("running")
            while not work.done():
                await asyncio.wait({work}, timeout=_REPORT_SECONDS)
                if not work.done():
                    yield warming.document("running")
        finally:
            work.cancel()
        warming.total = warming.progress.done if warming.total is None else warming.total
        last = warming.document("done" if warming.error is None else "failed")
        yield last | {"failures": warming.progress.failures, "error": warming.error}

    def _batches(self, order: WarmOrder) -> list[tuple[Engine, AsyncIterator[str]]]:
        root = self._sites.root
        if order.prefix is not None:
            below = self._sites.below(order.prefix) if order.prefix.startswith("/") else []
            named = [(site.engine, _key_prefix(site, within)) for site, within in below] or [
                (root.engine, order.prefix)
            ]
            return [(engine, self._desks[engine].tools.origin.keys(prefix)) for engine, prefix in dict.fromkeys(named)]
        keys: dict[Engine, list[str]] = {}
        for name in order.keys:
            site, key = self._find(name) if name.startswith("/") else (root, name)
            if not is_possible_key(key):
                raise ValueError("no object can have a key like one of those")
            keys.setdefault(site.engine, []).append(key)
        return [(engine, _each(listed)) for engine, listed in keys.items()]

    async def entry(self, path: str) -> Document:
        """What would become of a plain GET of a decoded path. Raises ValueError."""
        site, key = self._find(path)
        desk = self._desks[site.engine]
        explanation = await explain(desk.key(key), desk.tools)
        place = {"path": site.path or "/", "bucket": desk.place.bucket, "prefix": site.folder.prefix}
        return {"path": path, "site": place, **_told(explanation)}

    @property
    def prefix(self) -> str:
        """The folder of the root's bucket that is served."""
        return self._release.prefix

    async def switch(self, prefix: str, *, is_forced: bool) -> str:
        """Serve another one from the next request on; return which it was before.

        Raises ValueError; and OriginError, unless forced: OriginNotFound when the bucket has nothing below it.
        """
        folder = folder_of(prefix)
        if not is_forced:
            await _see_that_there_is_something(self._desks[self._sites.root.engine].tools.origin.keys(folder), folder)
        before = self._release.prefix
        self._release.switch(folder)
        return before

    def config(self) -> Document:
        """Effective settings, secrets masked."""
        return self._config


async def _warm_all(batches: list[tuple[Engine, AsyncIterator[str]]], warming: _Warming, concurrency: int) -> None:
    """Warm one bucket after the other; the first that cannot be listed ends it."""
    try:
        for engine, keys in batches:
            await warm(engine, keys, lambda _: None, concurrency=concurrency, progress=warming.progress)
    except OriginError as error:
        warming.error = str(error)


async def _see_that_there_is_something(keys: AsyncIterator[str], folder: str) -> None:
    """Raises OriginNotFound for a folder without objects: its own key, a console's marker, is none that is served."""
    try:
        async with asyncio.timeout(_ASKING_SECONDS):
            async for key in keys:
                if key != folder:
                    return
    except TimeoutError as error:
        raise OriginTimeout("the bucket did not answer in time") from error
    raise OriginNotFound("the bucket has nothing below it")


async def _each(keys: Iterable[str]) -> AsyncIterator[str]:
    for key in keys:
        yield key


def _key_prefix(site: "Site", within: str) -> str:
    return site.folder.prefix + within.removeprefix("/")


def _told(explanation: Explanation) -> Document:
    stored, standing, decision = explanation.stored, explanation.standing, explanation.decision
    return {
        "object_key": explanation.key.object_key,
        "digest": explanation.key.digest,
        "is_in_memory": explanation.is_in_memory,
        "is_on_disk": explanation.is_on_disk,
        "standing": None if standing is None else _STANDINGS[standing],
        "stored": None if stored is None else _told_of_stored(explanation),
        "decision": {
            "action": type(decision).__name__.lower(),
            "reason": decision.reason.value if isinstance(decision, Forward) else None,
            "is_stale": isinstance(decision, Use) and decision.is_stale,
            "has_fallback": isinstance(decision, Forward) and decision.has_fallback,
            "words": explanation.words,
        },
    }


def _told_of_stored(explanation: Explanation) -> Document:
    stored, now = explanation.stored, explanation.now
    assert stored is not None  # noqa: S101 - asked for only then
    return {
        "kind": stored.kind.value,
        "content_length": stored.content_length,
        "etag": stored.etag,
        "last_modified": stored.last_modified,
        "headers": dict(stored.headers),
        "tags": list(stored.tags),
        "received_at": stored.received_at,
        "age_seconds": stored.age_at(now),
        "lifetime_seconds": stored.lifetime_seconds,
        "ttl_seconds": stored.ttl_at(now),
        "is_fresh": stored.ttl_at(now) > 0 and explanation.standing is Standing.CURRENT,
        "stale_while_revalidate_seconds": stored.stale_while_revalidate_seconds,
        "stale_if_error_seconds": stored.stale_if_error_seconds,
    }
