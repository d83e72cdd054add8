"""The management endpoints: from a request of an operator to the server and back."""

import json
import logging
from collections.abc import Callable, Coroutine
from contextlib import aclosing
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from sanic import HTTPResponse, Request

from ops.metrics.stats import stats_of
from ops.orders import read_nothing, read_purge, read_switch, read_warm
from ops.problem import NO_STORE, problem_of
from ops.refusal import Refused, no_switch
from sidecar.errors import OriginError

if TYPE_CHECKING:
    from ops.auth import BearerToken
    from ops.management import Document, Management, WarmOrder
    from ops.metrics.exposition import Exposition
    from ops.metrics.overview import Overview
    from sidecar.clock import Clock

logger = logging.getLogger(__name__)

Handler = Callable[[Request], Coroutine[Any, Any, HTTPResponse | None]]

_MOST_WARMS = 2
_RETRY_SECONDS = "10"
_LINES = "application/x-ndjson"


class Endpoints:
    """What each of them does; `look` gives the numbers of the moment."""

    def __init__(
        self, management: "Management", look: "Callable[[], Overview]", exposition: "Exposition", clock: "Clock"
    ) -> None:
        self._management = management
        self._look = look
        self._exposition = exposition
        self._clock = clock
        self._warms = 0

    async def clear(self, request: Request) -> HTTPResponse:
        """Clear the cache."""
        read_nothing(request.body)
        await self.clear_cache()
        return document_of({"cleared": True})

    async def clear_cache(self) -> None:
        """Do it, in every worker."""
        await self._management.clear()
        logger.info("the cache was cleared")

    async def purge(self, request: Request) -> HTTPResponse:
        """Purge what the body names."""
        purge = read_purge(request.body)
        rules, removed = await self._management.purge(purge)
        logger.info("purged %s %r; %d bodies removed", purge.scope, purge.value, removed)
        return document_of({"rules": rules, "removed": removed})

    async def warm(self, request: Request) -> None:
        """Fetch what the body names, and tell how far that has come."""
        order = read_warm(request.body)
        if self._warms >= _MOST_WARMS:
            detail = f"{_MOST_WARMS} warms run in this worker already; try again when one is done"
            raise Refused(HTTPStatus.TOO_MANY_REQUESTS, detail, retry_after=_RETRY_SECONDS)
        self._warms += 1
        try:
            await self._tell_of_warm(request, order)
        finally:
            self._warms -= 1

    async def _tell_of_warm(self, request: Request, order: "WarmOrder") -> None:
        response = await request.respond(headers=NO_STORE, content_type=_LINES)
        async with aclosing(self._management.warm(order)) as told:  # type: ignore[type-var]  # a generator is one
            async for progress in told:
                line = json.dumps(progress) + "\n"
                await response.send(line)
                request.ctx.sent_bytes = getattr(request.ctx, "sent_bytes", 0) + len(line)
        await response.eof()

    async def stats(self, _: Request) -> HTTPResponse:
        """Every number that s3ops shows."""
        return document_of(stats_of(self._look(), self._clock.now()))

    async def entry(self, request: Request) -> HTTPResponse:
        """Explain what would become of a request."""
        path = request.args.get("path", "")
        if not path.startswith("/"):
            raise Refused(HTTPStatus.BAD_REQUEST, "give path, which begins with a slash: entry?path=/index.html")
        return document_of(await self._management.entry(path))

    async def prefix(self, _: Request) -> HTTPResponse:
        """Tell which release is served."""
        return document_of({"prefix": self._management.prefix})

    async def switch(self, request: Request) -> HTTPResponse:
        """Serve another release, if there is something of it."""
        order = read_switch(request.body)
        try:
            previous = await self._management.switch(order.prefix, is_forced=order.is_forced)
        except OriginError as error:
            logger.warning(
                "the prefix stays %r, and is not switched to %r: %s", self._management.prefix, order.prefix, error
            )
            raise no_switch(order.prefix, error) from error
        logger.info("the prefix was switched from %r to %r", previous, self._management.prefix)
        return document_of({"prefix": self._management.prefix, "previous": previous})

    async def config(self, _: Request) -> HTTPResponse:
        """Tell the effective settings."""
        return document_of({"version": self._look().server.version, **self._management.config()})

    async def metrics(self, request: Request) -> HTTPResponse:
        """Tell every metric."""
        text, media_type = self._exposition.write(request.headers.get("accept", ""))
        return HTTPResponse(text, headers=NO_STORE, content_type=media_type)


def guarded(handler: Handler, token: "BearerToken") -> Handler:
    """The handler, for those who have the token alone; what it refuses becomes a problem."""

    async def answer(request: Request) -> HTTPResponse | None:
        try:
            token.admit(request.headers.get("authorization"))
            return await handler(request)
        except Refused as refused:
            return problem_of(refused)
        except ValueError as error:
            return problem_of(Refused(HTTPStatus.BAD_REQUEST, str(error)))

    return answer


def document_of(document: "Document") -> HTTPResponse:
    """A JSON answer, which nobody may store."""
    return HTTPResponse(json.dumps(document) + "\n", headers=NO_STORE, content_type="application/json")
