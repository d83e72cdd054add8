"""Every request that Sanic answers is told once: the website's, the management's, and what never reaches a handler."""

import asyncio
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from sidecar.observe import CLIENT_CLOSED_REQUEST
from sidecar.server.exchange import Exchange

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Coroutine

    from sanic import HTTPResponse, Request

    from sidecar.clock import Clock
    from sidecar.observe import Observer
    from sidecar.server.responses import Reply

    Handler = Callable[[Request], Coroutine[Any, Any, HTTPResponse | None]]


class Telling:
    """Tells an observer what becomes of requests."""

    def __init__(self, observer: "Observer", clock: "Clock") -> None:
        self._observer = observer
        self._clock = clock

    async def answer(self, exchange: Exchange, answering: "Awaitable[HTTPResponse | None]") -> "HTTPResponse | None":
        """Answer, and tell, also of an answer that was broken off."""
        exchange.request.ctx.exchange = exchange
        self._observer.request_began()
        try:
            return await answering
        except asyncio.CancelledError:
            exchange.is_aborted = True
            exchange.status = exchange.status or CLIENT_CLOSED_REQUEST
            raise
        except Exception:
            exchange.status = HTTPStatus.INTERNAL_SERVER_ERROR
            raise
        finally:
            self._observer.request_ended()
            self._observer.request_answered(exchange.record(self._clock.now()))

    def watched(self, handler: "Handler") -> "Handler":
        """The handler of another blueprint, told of like the website's."""

        async def answer(request: "Request") -> "HTTPResponse | None":
            exchange = Exchange(request)
            exchange.resource = exchange.path or "-"
            return await self.answer(exchange, _noted(exchange, handler(request)))

        return answer

    def refused(self, exchange: Exchange, reply: "Reply") -> None:
        """Tell of an answer to what has not reached a handler."""
        exchange.resource = exchange.path or "-"
        exchange.body_bytes = 0 if exchange.is_head else len(reply.text)
        self._observer.request_answered(exchange.record(self._clock.now()))


async def _noted(exchange: Exchange, answering: "Awaitable[HTTPResponse | None]") -> "HTTPResponse | None":
    """Note what there is to tell; None stands for an answer that the handler has sent bit by bit."""
    response = await answering
    if response is None:
        exchange.status = HTTPStatus.OK
        exchange.body_bytes = getattr(exchange.request.ctx, "sent_bytes", 0)
        return None
    exchange.status = response.status
    exchange.body_bytes = len(response.body or b"")
    exchange.media_type = response.content_type if response.body else None
    return response
