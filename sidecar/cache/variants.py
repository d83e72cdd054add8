"""Objects in another coding: each is made once on the node, and stored beside the object."""

import asyncio
from dataclasses import replace

from sidecar.cache.answer import Selected
from sidecar.cache.body import Body, StoredBody, wait_for_all
from sidecar.cache.coded_origin import CodedOrigin
from sidecar.cache.collapse import Collapse
from sidecar.cache.fill import Fill, Found
from sidecar.cache.key import CacheKey, Variant
from sidecar.cache.ports import Turn
from sidecar.cache.representation import of_variant, version_of
from sidecar.cache.stored import StoredResponse
from sidecar.cache.tools import FailureLog, Tools
from sidecar.errors import BodyLost, OriginChanged, OriginError
from sidecar.http.encoding import IDENTITY, known_coding
from sidecar.tasks import Tasks

Sized = tuple[int, Body]
"""A body, and how many bytes it has."""


class Variants:
    """The variants of all objects. Whatever goes wrong with one, the object itself can still be sent."""

    def __init__(self, tools: Tools, tasks: Tasks) -> None:
        self._tools = tools
        self._fills: Collapse[Fill] = Collapse(tasks)
        self._log = FailureLog(tools.clock, "objects are sent without the coding that was asked for")

    async def open(self, key: CacheKey, original: StoredResponse, coding: str) -> Selected | None:
        """The original in a coding, `identity` to undo its own; None when it has to be sent as it is stored."""
        variant = Variant(coding, version_of(original), self._recipe(original, coding))
        its_key = key.of_variant(variant)
        try:
            sized = await self._find(its_key, (key, original))
        except OriginChanged:  # the original is gone, which whoever wants that will find out
            return None
        except (OriginError, BodyLost, OSError) as error:
            self._log.failed(error)
            return None
        return None if sized is None else Selected(of_variant(original, variant, sized[0]), sized[1])

    def _recipe(self, original: StoredResponse, coding: str) -> str:
        if coding == IDENTITY:
            return known_coding(original.header("content-encoding")) or ""
        return self._tools.coders.recipe(coding)

    async def _find(self, its_key: CacheKey, original: tuple[CacheKey, StoredResponse]) -> Sized | None:
        known = await self._known(its_key)
        if known is not None:
            if not known.has_body:
                return None
            if (sized := await self._opened(its_key, known)) is not None:
                return sized
        # No body takes so long, but many may be asked for at once.
        async with asyncio.timeout(self._tools.coding.patience_seconds):
            return await self._make(its_key, original)

    async def _known(self, its_key: CacheKey) -> StoredResponse | None:
        """What this worker knows of it; also that it is not worth making, or that there was no room a moment ago."""
        known = await self._tools.metadata.get(its_key)
        if known is None or self._tools.is_gone(its_key, known):
            return None
        is_over = known.is_unstorable and known.ttl_at(self._tools.clock.now()) <= 0
        return None if is_over else known

    async def _opened(self, its_key: CacheKey, known: StoredResponse) -> Sized | None:
        reader = await self._tools.bodies.open(its_key, known)
        return None if reader is None else (known.content_length, StoredBody(reader))

    async def _make(self, its_key: CacheKey, original: tuple[CacheKey, StoredResponse]) -> Sized | None:
        """What the one fill of the variant gives, all of it: when that breaks, nobody has been sent a part of it."""
        begun = await self._fill(its_key, original).join()
        if isinstance(begun, Found):
            return await self._opened(its_key, begun.stored) if begun.stored.has_body else None
        if begun is None:
            return None
        try:
            if begun.is_stored and begun.stored.has_body:
                await wait_for_all(begun.body, begun.stored.content_length)
                return begun.stored.content_length, begun.body
        except BaseException:
            await begun.body.close()
            raise
        await begun.body.close()
        return None

    def _fill(self, its_key: CacheKey, original: tuple[CacheKey, StoredResponse]) -> Fill:
        assert its_key.variant is not None  # noqa: S101 - it is a variant's key
        origin = CodedOrigin(self._tools, original, its_key.variant)
        turn = Turn(self._tools.epoch.current, self._tools.purges.generation(its_key))

        def begin() -> Fill:
            return Fill(its_key, turn, replace(self._tools, origin=origin))

        return self._fills.find_or_start((its_key.digest, turn), begin)[0]
