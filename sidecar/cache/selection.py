"""Selects the representation of an object that suits a request, and opens its body."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import replace

from sidecar.cache.answer import Answer, Refusal, Selected, Want
from sidecar.cache.body import wait_for_all
from sidecar.cache.key import CacheKey
from sidecar.cache.negotiation import AS_STORED, Choice, choose
from sidecar.cache.opening import Opening
from sidecar.cache.representation import of_companion, of_many
from sidecar.cache.stored import Kind, StoredResponse
from sidecar.cache.tools import Tools
from sidecar.cache.variants import Variants
from sidecar.http.encoding import known_coding
from sidecar.http.target import is_possible_key

Ask = Callable[[str, Want], Awaitable[Answer | Refusal]]

EXTENSIONS = {"br": ".br", "zstd": ".zst", "gzip": ".gz"}
"""What the name of a pre-compressed companion ends in, by its coding."""


class Selection:
    """Chooses among what is stored, its variants and its companions; the metadata decide, before a body is opened."""

    def __init__(self, tools: Tools, opening: Opening, variants: Variants, ask: Ask) -> None:
        """`ask` answers for any object key, as the engine does."""
        self._tools = tools
        self._opening = opening
        self._variants = variants
        self._ask = ask

    async def of_stored(self, key: CacheKey, stored: StoredResponse, want: Want) -> Selected | None:
        """What is stored, as it suits the request; None when its body is gone."""
        choice = self._choose(key, stored, want)
        selected = await self._companion(key, stored, choice, want)
        if selected is None and choice.variant is not None:
            selected = await self._variants.open(key, stored, choice.variant)
        if selected is None and (body := await self._opening.open(key, stored)) is not None:
            selected = Selected(stored, body)
        return None if selected is None else _told(selected, choice)

    async def of_coming(self, key: CacheKey, coming: Selected, want: Want) -> Selected:
        """What a fill has begun, as it suits the request. Raises OriginError when a variant waits for what breaks off.

        Nobody waits long for a better representation while there is one that may be sent at once.
        """
        choice = self._choose(key, coming.stored, want)
        try:
            other = await self._companion(key, coming.stored, choice, want)
            if other is None and choice.variant is not None and await self._comes_soon(coming):
                other = await self._variants.open(key, coming.stored, choice.variant)
        except BaseException:
            await coming.body.close()
            raise
        if other is not None:
            await coming.body.close()
        return _told(other or coming, choice)

    def of_passing(self, key: CacheKey, passing: Selected) -> Selected:
        """What is not stored, as it is: but it tells whether it is sent otherwise at other times."""
        return _told(passing, self._choose(key, passing.stored, Want()))

    def _choose(self, key: CacheKey, stored: StoredResponse, want: Want) -> Choice:
        if key.slice is not None:
            return AS_STORED
        return choose(stored, key.object_key, want.accept_encoding, self._tools.coding)

    async def _companion(self, key: CacheKey, stored: StoredResponse, choice: Choice, want: Want) -> Selected | None:
        """The first pre-compressed object there is beside this one; the cache knows those that are not there, too."""
        if not choice.companions:
            return None
        asked = replace(want, accept_encoding=None)
        with suppress(OSError):  # a timeout among them
            async with asyncio.timeout(self._tools.coding.patience_seconds):
                for coding in choice.companions:
                    companion = await self._companion_in(coding, key.object_key + EXTENSIONS[coding], asked)
                    if companion is not None:
                        return Selected(of_companion(stored, companion.stored, coding), companion.body)
        return None

    async def _comes_soon(self, coming: Selected) -> bool:
        """Wait until all of it is stored; False when that takes too long. Raises OriginError, BodyLost."""
        with suppress(OSError):  # a timeout among them; what cannot be read fails again when it is sent
            async with asyncio.timeout(self._tools.coding.patience_seconds):
                await wait_for_all(coming.body, coming.stored.content_length)
                return True
        return False

    async def _companion_in(self, coding: str, object_key: str, asked: Want) -> Answer | None:
        answer = await self._ask(object_key, asked) if is_possible_key(object_key) else None
        if answer is None or isinstance(answer, Refusal):
            return None
        if _is_in(coding, answer.stored):
            return answer
        await answer.body.close()
        return None


def _is_in(coding: str, companion: StoredResponse) -> bool:
    """Whether an object is there, and holds what its name says; it may have been stored with that as its coding."""
    told = companion.header("content-encoding")
    return (
        companion.kind is not Kind.MISSING
        and companion.content_length > 0
        and (told is None or known_coding(told) == coding)
    )


def _told(selected: Selected, choice: Choice) -> Selected:
    stored = of_many(selected.stored) if choice.is_negotiable else selected.stored
    return Selected(stored, selected.body, choice.is_uncertain)
