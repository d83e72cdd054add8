"""Where variants come from: what a fill of a variant asks instead of the bucket."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sidecar.cache.key import CacheKey, Variant
from sidecar.cache.ports import FolderPage, OriginHead, PageOf, Span, Validators
from sidecar.cache.representation import of_variant
from sidecar.cache.stored import StoredResponse
from sidecar.errors import BodyLost, OriginChanged, OriginUnavailable
from sidecar.http.encoding import IDENTITY, known_coding

if TYPE_CHECKING:
    from sidecar.cache.tools import Tools

WORTHWHILE = 0.95
"""A variant that has more than this share of the original's bytes is not worth its place and its client's work."""


@dataclass(frozen=True, slots=True)
class CodedResponse:
    """A variant's bytes, as an answer of the bucket would bring them."""

    head: OriginHead
    _body: bytes
    _release: Callable[[], Awaitable[None]]

    async def chunks(self) -> AsyncIterator[bytes]:
        """All of it at once: it is in memory anyway."""
        if self._body:
            yield self._body

    async def close(self) -> None:
        """Let another body have its place."""
        await self._release()


class CodedOrigin:
    """Makes one variant out of the original in the store. All bodies that are worked on are in memory: few at once.

    What is not worth it, and a coding that cannot be undone, are answered by no bytes and no Content-Encoding.
    """

    def __init__(self, tools: "Tools", original: tuple[CacheKey, StoredResponse], variant: Variant) -> None:
        self._tools = tools
        self._key, self._original = original
        self._variant = variant

    async def get(self, object_key: str) -> CodedResponse:
        """Make it. Raises OriginChanged when the original is gone, OriginUnavailable when it cannot be read."""
        async with AsyncExitStack() as held:
            await held.enter_async_context(self._tools.coders.places)
            coded = await self._coded()
            return CodedResponse(self._head(coded), coded or b"", held.pop_all().aclose)

    async def get_if_changed(self, object_key: str, known: Validators) -> CodedResponse:
        """Make it: a variant that is known is never asked about."""
        return await self.get(object_key)

    async def get_span(self, object_key: str, span: Span) -> CodedResponse:
        """Make it again, for a fill whose leader died: the same recipe gives the same bytes. Raises OriginChanged."""
        whole = await self.get(object_key)
        if whole.head.header("etag") != span.etag:
            await whole.close()
            raise OriginChanged("the variant is another one now")
        return CodedResponse(whole.head, whole._body[span.start : span.stop], whole.close)  # noqa: SLF001 - our own

    async def folder(self, page: PageOf) -> FolderPage:
        """Nothing: variants have no names in the bucket."""
        return FolderPage((), is_last=True)

    async def keys(self, prefix: str) -> AsyncIterator[str]:
        """None: variants have no names in the bucket."""
        return
        yield ""

    async def _coded(self) -> bytes | None:
        body = await self._read()
        coding = self._variant.coding
        if coding == IDENTITY:
            known = known_coding(self._original.header("content-encoding"))
            return None if known is None else await self._tools.coders.decode(known, body, self._tools.coding.max_bytes)
        coded = await self._tools.coders.encode(coding, body)
        return coded if len(coded) <= WORTHWHILE * len(body) else None

    async def _read(self) -> bytes:
        length = self._original.content_length
        try:
            reader = await self._tools.bodies.open(self._key, self._original)
            if reader is None:
                raise OriginChanged("the original is not stored any more")
            try:
                body = await reader.read(0, length)
            finally:
                reader.close()
        except (BodyLost, OSError) as error:
            raise OriginUnavailable(f"the original cannot be read: {error}") from error
        if len(body) != length:
            raise OriginUnavailable("the original was cut short")
        return body

    def _head(self, coded: bytes | None) -> OriginHead:
        tags = ("surrogate-key", " ".join(self._original.tags))
        if coded is None:
            return OriginHead((tags,), 0)
        represented = of_variant(self._original, self._variant, len(coded))
        told = [header for header in represented.headers if header[0] != "content-encoding"]
        return OriginHead((*told, ("content-encoding", self._variant.coding), tags), len(coded))
