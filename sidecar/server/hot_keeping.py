"""Decides which answers are kept hot, and gets ready what the hot path needs of them."""

import logging
import math
import time
from functools import partial
from typing import TYPE_CHECKING, Protocol

from sidecar.cache.body import StoredBody
from sidecar.cache.selection import EXTENSIONS
from sidecar.http.cache_status import CacheStatus
from sidecar.http.conditional import Conditions
from sidecar.server.finish import Asked
from sidecar.server.hot_entry import (
    JOINED_BYTES,
    LONG_WAY_SECONDS,
    OPEN_FILE_BYTES,
    Entry,
    FileBody,
    MemoryBody,
    Representation,
    size_in_memory,
)
from sidecar.server.responses import Question, Reply, media_type_of, reply_to
from sidecar.server.wire import encode_head

if TYPE_CHECKING:
    from collections.abc import Callable

    from sidecar.cache.answer import Answer
    from sidecar.cache.currency import Currency
    from sidecar.cache.stored import StoredResponse
    from sidecar.clock import Clock
    from sidecar.server.exchange import Exchange
    from sidecar.server.finish import Finish
    from sidecar.server.hot_entry import Body
    from sidecar.server.hotpath import HotPath

logger = logging.getLogger(__name__)

_RETRY_SECONDS = 60.0
_PLAIN = Question(Conditions(), None)


class Watch(Protocol):
    """Tells the hot path which bodies were removed or replaced, and which of those that it follows were written to."""

    @property
    def is_open(self) -> bool:
        """Whether changes are told."""
        ...

    def open(self) -> None:
        """Begin. Raises OSError."""
        ...

    def follow(self, descriptor: int, name: str) -> "Callable[[], None]":
        """Tell this name when the file that is open is written to, until what comes back is called. Raises OSError."""
        ...


class HotKeeping:
    """Keeps answers of the website hot that are given again and again."""

    def __init__(
        self, hot: "HotPath", watch: Watch, finish: "Finish", clock: "Clock", *, has_companions: bool = False
    ) -> None:
        self._hot = hot
        self._watch = watch
        self._finish = finish
        self._clock = clock
        self._has_companions = has_companions
        self._retry_at = 0.0

    async def consider(self, exchange: "Exchange", answer: "Answer") -> None:
        """Keep the object of a GET that is being answered out of the cache, or let others wait until it is stored.

        Raises OSError, BodyLost.
        """
        if not isinstance(answer.body, StoredBody):
            return
        encoding = exchange.header("accept-encoding")
        field = None if encoding is None else encoding.encode(errors="surrogateescape")
        target = exchange.request.raw_url
        if answer.stored.content_length <= JOINED_BYTES:
            self._hot.expect(target, field)
        if answer.status.outcome != "hit":
            return
        if not self._hot.wants(target, field) or not self._is_watched():
            return
        current = exchange.site.engine.currency(exchange.object_key)
        if current is None or not current.is_best(answer.stored, encoding):
            return
        entry = Entry(
            digest=current.key.digest,
            original=current.stored,
            is_negotiable=answer.stored.header("vary") is not None,
            long_way_at=self._clock.now() + LONG_WAY_SECONDS,
        )
        sources = [current, *self._companions(exchange, answer.stored)]
        self._hot.put(target, field, entry, await self._representation(exchange, answer, sources))

    def _companions(self, exchange: "Exchange", stored: "StoredResponse") -> "list[Currency]":
        """The pre-compressed object that may be what is sent, where such objects are looked for."""
        coding = stored.header("content-encoding")
        if not self._has_companions or coding not in EXTENSIONS:
            return []
        companion = exchange.site.engine.currency(exchange.object_key + EXTENSIONS[coding])
        return [] if companion is None else [companion]

    async def _representation(
        self, exchange: "Exchange", answer: "Answer", sources: "list[Currency]"
    ) -> Representation:
        body, length = answer.body, answer.stored.content_length
        assert isinstance(body, StoredBody)  # noqa: S101 - nothing else is kept
        now, media_type = self._clock.now(), media_type_of(answer.stored, exchange.object_key)
        render = self._render(exchange, answer, media_type)
        kept: Body
        if length <= JOINED_BYTES:
            kept = MemoryBody(b"".join([bytes(chunk) async for chunk in body.chunks(0, length)]))
            size = size_in_memory(length, len(encode_head(render(_PLAIN, "HEAD", now))))
        else:
            kept, size = self._file_body(exchange, body, sources[0].key.digest), OPEN_FILE_BYTES
        is_current = _still([source.holds for source in sources], exchange)
        fresh_until = now + min(source.stored.ttl_at(now) for source in sources)
        return Representation(exchange.resource, answer.stored, render, kept, size, is_current, fresh_until)

    def _file_body(self, exchange: "Exchange", body: StoredBody, digest: str) -> FileBody:
        """One that need not look at its file each time, where the kernel tells of writes."""
        reader, forget = body.share(), partial(exchange.site.engine.forget, exchange.object_key)
        try:
            unfollow = self._watch.follow(reader.fileno(), digest)
        except OSError:
            return FileBody(reader, forget)
        reader.trust()
        return FileBody(reader, forget, unfollow)

    def _render(
        self, exchange: "Exchange", answer: "Answer", media_type: str
    ) -> "Callable[[Question, str, float], Reply]":
        path, stored, is_uncertain = exchange.path, answer.stored, answer.is_uncertain

        def render(question: Question, method: str, now: float) -> Reply:
            question = question.by_tag_only() if is_uncertain else question
            reply = reply_to(question, stored, media_type=media_type, now=now, is_seekable=True)
            status = CacheStatus(hit=True, ttl=max(0, math.floor(stored.ttl_at(now))))
            return self._finish.dress(reply, Asked(method, None, path)).with_fields(("cache-status", status.render()))

        return render

    def _is_watched(self) -> bool:
        """Whether removed bodies are told of; what an operator deletes must not be served from memory."""
        if not self._watch.is_open and time.monotonic() >= self._retry_at:
            try:
                self._watch.open()
            except OSError as error:
                self._retry_at = time.monotonic() + _RETRY_SECONDS
                logger.warning("nothing is kept in memory: the cache directory cannot be watched (%s)", error)
        return self._watch.is_open


def _still(holds: "list[Callable[[], bool]]", exchange: "Exchange") -> "Callable[[], bool]":
    """Whether the cache still holds all of it, and the path still names it."""
    site, prefix = exchange.site, exchange.site.folder.prefix
    if len(holds) == 1 and site.rules is None:  # as nearly always; asked for every request
        (holds_it,), folder = holds, site.folder
        return lambda: holds_it() and folder.prefix == prefix
    return lambda: all(hold() for hold in holds) and site.folder.prefix == prefix and site.is_unchanged()
