"""What every answer of the website carries, whatever it says."""

from typing import TYPE_CHECKING

from sidecar.http.cors import cors_fields
from sidecar.server.faults import NOT_ASKED
from sidecar.server.sending import response_of

if TYPE_CHECKING:
    from sanic import HTTPResponse

    from sidecar.server.exchange import Exchange
    from sidecar.server.responses import Reply


class Finish:
    """The last touch to a reply, by the operator's rules."""

    def __init__(self, allowed_origins: tuple[str, ...]) -> None:
        self._allowed_origins = allowed_origins

    def headers(self, exchange: "Exchange", reply: "Reply") -> "Reply":
        """Add the headers that every answer carries, and note what there is to tell of it."""
        exchange.status = reply.status
        exchange.media_type = reply.media_type
        if exchange.request.method != "OPTIONS":
            reply = reply.with_fields(*cors_fields(exchange.header("origin"), self._allowed_origins))
        status = NOT_ASKED if exchange.cache is None else exchange.cache.render()
        return reply.with_fields(("cache-status", status))

    def whole(self, exchange: "Exchange", reply: "Reply") -> "HTTPResponse":
        """An answer that is complete: its text is its body."""
        reply = self.headers(exchange, reply)
        exchange.body_bytes = 0 if exchange.is_head else len(reply.text)
        return response_of(reply)
