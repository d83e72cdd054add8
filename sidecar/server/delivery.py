"""From what the cache holds onto the wire."""

import logging
import secrets
from collections.abc import AsyncIterator
from contextlib import aclosing, suppress
from typing import TYPE_CHECKING

from sidecar.cache.sliced import SlicedBody
from sidecar.errors import BodyLost, OriginChanged, OriginError, OriginUnavailable
from sidecar.http.multipart import BOUNDARY_LENGTH
from sidecar.server.error_document import with_document
from sidecar.server.faults import refusal_reply
from sidecar.server.responses import Fields, Question, Reply, media_type_of, reply_to
from sidecar.server.sending import body_of, send_body

if TYPE_CHECKING:
    from sanic import HTTPResponse

    from sidecar.cache.answer import Answer
    from sidecar.cache.body import Chunk
    from sidecar.clock import Clock
    from sidecar.server.exchange import Exchange
    from sidecar.server.finish import Finish
    from sidecar.server.hot_keeping import HotKeeping

logger = logging.getLogger(__name__)


class Delivery:
    """Sends objects: all of one, a part of it, or only that the client has it already."""

    def __init__(self, finish: "Finish", keeping: "HotKeeping", clock: "Clock") -> None:
        self._finish = finish
        self._keeping = keeping
        self._clock = clock

    async def send(
        self, exchange: "Exchange", answer: "Answer", failure: Reply | None = None, *, varies: Fields = ()
    ) -> "HTTPResponse | None":
        """Answer with an object, or with one that is the body of a `failure`; `varies` is what Vary says of the choice.

        Raises BodyLost and OriginChanged as long as nothing was sent.
        """
        reply = self._reply(exchange, answer, failure).with_fields(*varies)
        if failure is None and not varies:
            with suppress(OSError):  # told when it is sent
                await self._keeping.consider(exchange, answer)
        if exchange.is_head or not reply.parts:
            return self._finish.whole(exchange, reply)
        reply = self._finish.headers(exchange, reply)
        if len(reply.parts) > 1:
            reply = reply.in_parts(secrets.token_hex(BOUNDARY_LENGTH // 2))
        chunks = body_of(reply, answer.body)
        try:
            first = await anext(chunks)  # as long as nothing is sent, a failure can still be told by its status
        except (BodyLost, OriginChanged):
            raise
        except (OriginError, OSError) as error:
            logger.warning("%r cannot be sent: %s", exchange.resource, error)
            cause = error if isinstance(error, OriginError) else OriginUnavailable("the stored body cannot be read")
            return self._finish.whole(exchange, refusal_reply(cause, self._clock.now()))
        if isinstance(answer.body, SlicedBody):
            exchange.cache = answer.body.status or answer.status
        await self._stream(exchange, self._finish.cache_status(exchange, reply), first, chunks)
        return None

    def _reply(self, exchange: "Exchange", answer: "Answer", failure: Reply | None) -> Reply:
        media_type = media_type_of(answer.stored, exchange.object_key)
        if failure is not None:
            return with_document(failure, answer.stored, media_type=media_type)
        question = Question.of(exchange.request.method, exchange.header)
        return reply_to(
            question.by_tag_only() if answer.is_uncertain else question,
            answer.stored,
            media_type=media_type,
            now=self._clock.now(),
            is_seekable=answer.body.is_seekable,
        )

    async def _stream(self, exchange: "Exchange", reply: Reply, first: "Chunk", rest: AsyncIterator["Chunk"]) -> None:
        try:
            async with aclosing(send_body(exchange.request, reply, first, rest)) as sent:
                async for count in sent:
                    exchange.begin_body()
                    exchange.body_bytes += count
        except (OriginError, BodyLost, OSError) as error:
            # Sanic closes the connection short of the promised length, and that is how the client learns of it.
            logger.warning("%r was broken off after %d bytes: %s", exchange.resource, exchange.body_bytes, error)
            if isinstance(error, BodyLost | OriginChanged):
                await exchange.site.engine.forget(exchange.object_key)
