"""What every answer of the website carries, whatever it says."""

from dataclasses import dataclass, replace
from http import HTTPStatus
from typing import TYPE_CHECKING

from sidecar.cache.storing import METADATA_PREFIX
from sidecar.http.cors import ALLOWED_METHODS, cors_fields, preflight_fields
from sidecar.http.header_rules import HeaderRules
from sidecar.server.responses import empty_reply
from sidecar.server.sending import response_of

if TYPE_CHECKING:
    from sanic import HTTPResponse

    from sidecar.server.exchange import Exchange
    from sidecar.server.responses import Reply

NOT_ASKED = "s3-sidecar; detail=not-asked"
"""The Cache-Status of an answer that neither the cache nor the bucket had a part in."""

_OF_THE_STORE = "x-amz-"


@dataclass(frozen=True, slots=True)
class Asked:
    """What of a request the headers of its answer depend on: `path` is decoded, None when it could not be read."""

    method: str = ""
    origin: str | None = None
    path: str | None = None


NOTHING = Asked()
"""What is known of what is no request."""


class Finish:
    """The last touch to a reply, by the operator's rules; everything but what the management endpoints say."""

    def __init__(
        self, allowed_origins: tuple[str, ...], rules: HeaderRules | None = None, *, exposes_metadata: bool = False
    ) -> None:
        self._allowed_origins = allowed_origins
        self._rules = rules or HeaderRules()
        self._exposes_metadata = exposes_metadata

    def preflight(self, exchange: "Exchange", now: float) -> "HTTPResponse":
        """Answer OPTIONS: what may be asked for, and by pages of which origins."""
        fields = preflight_fields(exchange.header, self._allowed_origins)
        return self.whole(exchange, empty_reply(HTTPStatus.NO_CONTENT, now, ("allow", ALLOWED_METHODS), *fields))

    def headers(self, exchange: "Exchange", reply: "Reply") -> "Reply":
        """Decide the headers but for `cache_status`, and note what there is to tell of the answer."""
        path = exchange.path if self._rules.need_path else None
        reply = self.dress(reply, Asked(exchange.request.method, exchange.header("origin"), path))
        exchange.status = reply.status
        exchange.media_type = reply.media_type
        exchange.is_coded = reply.is_coded
        return reply

    def dress(self, reply: "Reply", asked: Asked = NOTHING) -> "Reply":
        """The same with the headers that the rules want, but for Cache-Status. Pure."""
        fields = [field for field in reply.fields if self._may_leave(field[0], reply.status)]
        if asked.method != "OPTIONS":
            fields += cors_fields(asked.origin, self._allowed_origins)
        return replace(reply, fields=self._rules.apply(fields, asked.path, reply.status))

    def cache_status(self, exchange: "Exchange", reply: "Reply") -> "Reply":
        """Say what the cache did, once that is known: with a body in slices, when the first of them has come."""
        status = NOT_ASKED if exchange.cache is None else exchange.cache.render()
        return reply.with_fields(("cache-status", status))

    def whole(self, exchange: "Exchange", reply: "Reply") -> "HTTPResponse":
        """An answer that is complete: its text is its body."""
        reply = self.cache_status(exchange, self.headers(exchange, reply))
        exchange.body_bytes = 0 if exchange.is_head else len(reply.text)
        return response_of(reply)

    def _may_leave(self, name: str, status: int) -> bool:
        """Whether a header may be sent: of those that S3 has invented only an object's metadata, if at all."""
        is_exposed = self._exposes_metadata and name.startswith(METADATA_PREFIX) and status < HTTPStatus.BAD_REQUEST
        return is_exposed or not name.startswith(_OF_THE_STORE)
