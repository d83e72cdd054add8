"""From a request to the cache and back: the website itself."""

import logging
import time
from collections.abc import AsyncIterator
from contextlib import aclosing
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import TYPE_CHECKING

from sidecar.cache.answer import Answer, Refusal, Want
from sidecar.cache.engine import Engine
from sidecar.cache.policy import NO_DIRECTIVES
from sidecar.cache.sliced import SlicedBody
from sidecar.cache.stored import Kind
from sidecar.errors import BodyLost, OriginChanged, OriginError, OriginUnavailable
from sidecar.http.cache_control import CacheControl
from sidecar.http.cache_status import CacheStatus
from sidecar.http.client_address import client_address
from sidecar.http.cors import ALLOWED_METHODS, cors_fields, preflight_fields
from sidecar.http.target import Target, TargetError, is_possible_key, parse_target
from sidecar.observe import Observer, RequestRecord
from sidecar.server.faults import NOT_ASKED, refusal_reply, words_of
from sidecar.server.responses import Question, Reply, empty_reply, media_type_of, reply_to, text_reply
from sidecar.server.sending import response_of, send_body

if TYPE_CHECKING:
    from sanic import HTTPResponse, Request

    from sidecar.cache.release import Release
    from sidecar.clock import Clock
    from sidecar.origin.website import Website

logger = logging.getLogger(__name__)

ONLY_IF_CACHED = CacheControl.parse("only-if-cached")

RESERVED = "/_proxy/"
"""The only part of the path space that is not the bucket's."""


@dataclass(frozen=True, slots=True)
class Rules:
    """What the operator decided about requests."""

    website: "Website"
    release: "Release"
    reject_query_strings: bool
    allowed_origins: tuple[str, ...]
    honors_cache_control: bool = False


@dataclass(slots=True)
class Exchange:
    """One request while it is being answered, and what there is to tell of it afterwards."""

    request: "Request"
    started_ns: int = field(default_factory=time.perf_counter_ns)
    resource: str = "-"
    object_key: str = ""
    status: int = 0
    media_type: str | None = None
    body_bytes: int = 0
    cache: CacheStatus | None = None

    def record(self, now: float) -> RequestRecord:
        """What observers are told."""
        return RequestRecord(
            method=self.request.method,
            resource=self.resource,
            status=self.status,
            body_bytes=self.body_bytes,
            client_address=_client_address(self.request),
            media_type=self.media_type,
            outcome="none" if self.cache is None else self.cache.outcome,
            timestamp_ns=int(now * 1e9),
            duration_ns=time.perf_counter_ns() - self.started_ns,
        )


class WebsiteHandler:
    """Answers every request that is not the management's."""

    def __init__(self, engine: Engine, rules: Rules, clock: "Clock", observer: Observer) -> None:
        self._engine = engine
        self._rules = rules
        self._clock = clock
        self._observer = observer

    async def handle(self, request: "Request", path: str = "") -> "HTTPResponse | None":
        """Answer, and tell the observer, also of an answer that was broken off.

        Sanic's `path` has lost the difference between some targets; the raw target is read instead.
        """
        exchange = request.ctx.exchange = Exchange(request)
        try:
            return await self._answer(exchange)
        finally:
            self._observer.request_answered(exchange.record(self._clock.now()))

    async def _answer(self, exchange: Exchange) -> "HTTPResponse | None":
        request = exchange.request
        if request.method == "OPTIONS":
            return self._complete(exchange, self._preflight(request))
        target = self._target(request)
        if isinstance(target, Reply):
            return self._complete(exchange, target)
        exchange.resource = self._rules.website.resource(target.path)
        object_key = exchange.object_key = self._rules.website.object_key(target.path, self._rules.release.prefix)
        if target.path.startswith(RESERVED) or not is_possible_key(object_key):
            return self._complete(exchange, self._plain(HTTPStatus.NOT_FOUND))
        return await self._serve(exchange, object_key)

    def _target(self, request: "Request") -> Target | Reply:
        """What is asked for, or the 400 that says what is wrong with it."""
        try:
            target = parse_target(request.raw_url)
        except TargetError as error:
            return text_reply(HTTPStatus.BAD_REQUEST, f"400 Bad Request: {error}", self._clock.now())
        if target.query is not None and self._rules.reject_query_strings:
            return text_reply(
                HTTPStatus.BAD_REQUEST, "400 Bad Request: This server takes no query string.", self._clock.now()
            )
        return target

    async def _serve(self, exchange: Exchange, object_key: str) -> "HTTPResponse | None":
        """Answer out of the cache; once more when what it gave was altered, or of a version that is gone."""
        try:
            return await self._try(exchange, object_key)
        except (BodyLost, OriginChanged) as error:
            logger.warning("%r is fetched anew: %s", exchange.resource, error)
            await self._engine.forget(object_key)
        try:
            return await self._try(exchange, object_key)
        except (BodyLost, OriginChanged) as error:
            changing = OriginUnavailable(f"the object keeps changing: {error}")
            return self._complete(exchange, refusal_reply(changing, self._clock.now()))

    async def _try(self, exchange: Exchange, object_key: str) -> "HTTPResponse | None":
        answer = await self._engine.answer(object_key, self._want(exchange.request))
        exchange.cache = answer.status
        if isinstance(answer, Refusal):
            return self._complete(exchange, refusal_reply(answer.error, self._clock.now()))
        try:
            return await self._send(exchange, answer, object_key)
        finally:
            await answer.body.close()

    def _want(self, request: "Request") -> Want:
        """All of the object, unless a part or its headers will do."""
        is_part = request.method == "HEAD" or "range" in request.headers
        return Want(self._directives(request), is_whole=not is_part)

    def _directives(self, request: "Request") -> CacheControl:
        """The request's directives that count: of all but only-if-cached only where the operator wants them to."""
        asked = CacheControl.parse(_header(request, "cache-control"))
        if self._rules.honors_cache_control:
            return asked
        return ONLY_IF_CACHED if asked.only_if_cached else NO_DIRECTIVES

    async def _send(self, exchange: Exchange, answer: Answer, object_key: str) -> "HTTPResponse | None":
        if answer.stored.kind is Kind.MISSING:
            return self._complete(exchange, self._plain(HTTPStatus.NOT_FOUND))
        reply = reply_to(
            Question.of(exchange.request.method, lambda name: _header(exchange.request, name)),
            answer.stored,
            media_type=media_type_of(answer.stored, object_key),
            now=self._clock.now(),
            is_seekable=answer.body.is_seekable,
        )
        if exchange.request.method == "HEAD" or reply.bytes is None:
            return self._complete(exchange, reply)
        chunks = answer.body.chunks(reply.bytes.start, reply.bytes.stop)
        try:
            first = await anext(chunks)  # as long as nothing is sent, a failure can still be told by its status
        except (BodyLost, OriginChanged):
            raise
        except (OriginError, OSError) as error:
            logger.warning("%r cannot be sent: %s", exchange.resource, error)
            failure = error if isinstance(error, OriginError) else OriginUnavailable("the stored body cannot be read")
            return self._complete(exchange, refusal_reply(failure, self._clock.now()))
        if isinstance(answer.body, SlicedBody):
            exchange.cache = answer.body.status or answer.status
        await self._stream(exchange, self._decorate(exchange, reply), first, chunks)
        return None

    async def _stream(self, exchange: Exchange, reply: Reply, first: bytes, rest: AsyncIterator[bytes]) -> None:
        try:
            async with aclosing(send_body(exchange.request, reply, first, rest)) as sent:
                async for count in sent:
                    exchange.body_bytes += count
        except (OriginError, BodyLost, OSError) as error:
            # Sanic closes the connection short of the promised length, and that is how the client learns of it.
            logger.warning("%r was broken off after %d bytes: %s", exchange.resource, exchange.body_bytes, error)
            if isinstance(error, BodyLost | OriginChanged):
                await self._engine.forget(exchange.object_key)

    def _preflight(self, request: "Request") -> Reply:
        fields = preflight_fields(
            _header(request, "origin"), self._rules.allowed_origins, _header(request, "access-control-request-headers")
        )
        return empty_reply(HTTPStatus.NO_CONTENT, self._clock.now(), ("allow", ALLOWED_METHODS), *fields)

    def _plain(self, status: int) -> Reply:
        return text_reply(status, words_of(status), self._clock.now())

    def _complete(self, exchange: Exchange, reply: Reply) -> "HTTPResponse":
        reply = self._decorate(exchange, reply)
        exchange.body_bytes = 0 if exchange.request.method == "HEAD" else len(reply.text)
        return response_of(reply)

    def _decorate(self, exchange: Exchange, reply: Reply) -> Reply:
        """Add what every answer carries, and note what there is to tell."""
        exchange.status = reply.status
        exchange.media_type = reply.media_type
        if exchange.request.method != "OPTIONS":
            origin = _header(exchange.request, "origin")
            reply = reply.with_fields(*cors_fields(origin, self._rules.allowed_origins))
        status = NOT_ASKED if exchange.cache is None else exchange.cache.render()
        return reply.with_fields(("cache-status", status))


def _header(request: "Request", name: str) -> str | None:
    """A header's value; repeated fields are one list (RFC 9110 5.3)."""
    values = request.headers.getall(name, [])
    return ", ".join(value.strip(" \t") for value in values) if values else None


def _client_address(request: "Request") -> str:
    peer = request.conn_info.client_ip if request.conn_info else ""
    return client_address(
        real_ip=_header(request, "x-real-ip"), forwarded_for=_header(request, "x-forwarded-for"), peer=peer
    )
