"""From a request to the cache and back: the website itself."""

from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING

from sidecar.cache.policy import NO_DIRECTIVES
from sidecar.http.cache_control import CacheControl
from sidecar.http.location import with_slash
from sidecar.http.target import Target, TargetError, is_possible_key, parse_target
from sidecar.origin.steps import Visit
from sidecar.server.exchange import Exchange
from sidecar.server.faults import bad_request_reply, plain_reply, words_of
from sidecar.server.responses import Reply, text_reply
from sidecar.server.visits import Visits
from sidecar.trace import CURRENT, passed_on

if TYPE_CHECKING:
    from collections.abc import Callable

    from sanic import HTTPResponse, Request

    from sidecar.clock import Clock
    from sidecar.observe import Request as AnyRequest
    from sidecar.server.finish import Finish
    from sidecar.server.hot_keeping import HotKeeping
    from sidecar.server.site import Sites
    from sidecar.server.telling import Telling
    from sidecar.trace import Trace

ONLY_IF_CACHED = CacheControl.parse("only-if-cached")


@dataclass(frozen=True, slots=True)
class Rules:
    """What the operator decided about requests."""

    reject_query_strings: bool
    finish: "Finish"
    keeping: "HotKeeping"
    honors_cache_control: bool = False
    reserved: str = "/_proxy/"
    """The only part of the path space that is not the bucket's."""
    trace: "Callable[[AnyRequest], Trace | None]" = passed_on


class WebsiteHandler:
    """Answers every request that is not the management's."""

    def __init__(self, sites: "Sites", rules: Rules, clock: "Clock", telling: "Telling") -> None:
        self._sites = sites
        self._rules = rules
        self._clock = clock
        self._telling = telling
        self._finish = rules.finish
        self._visits = Visits(self._finish, rules.keeping, clock)

    async def handle(self, request: "Request", path: str = "") -> "HTTPResponse | None":
        """Answer, and tell the observer.

        Sanic's `path` has lost the difference between some targets; the raw target is read instead.
        """
        exchange = Exchange(request)
        exchange.trace = self._rules.trace(exchange)
        current = CURRENT.set(exchange.trace)
        try:
            return await self._telling.answer(exchange, self._answer(exchange))
        finally:
            CURRENT.reset(current)

    async def _answer(self, exchange: Exchange) -> "HTTPResponse | None":
        request = exchange.request
        if request.method == "OPTIONS":
            exchange.resource = exchange.path or "-"
            return self._finish.preflight(exchange, self._clock.now())
        target = self._target(request)
        if isinstance(target, Reply):
            return self._finish.whole(exchange, target)
        site, within = self._sites.find(target.path)
        exchange.site = site = await site.at_present()
        exchange.resource = site.resource(within)
        if not within:
            return self._finish.whole(exchange, self._to_folder(target))
        object_key = exchange.object_key = site.object_key(within)
        if target.path.startswith(self._rules.reserved) or not is_possible_key(object_key):
            return self._finish.whole(exchange, plain_reply(HTTPStatus.NOT_FOUND, self._clock.now()))
        host, accept = exchange.header("host"), exchange.header("accept")
        visit = Visit(within, target.query, site.folder.prefix, site.path, host=host, accept=accept)
        return await self._visits.answer(exchange, visit, self._directives(exchange))

    def _target(self, request: "Request") -> Target | Reply:
        """What is asked for, or the 400 that says what is wrong with it."""
        try:
            target = parse_target(request.raw_url)
        except TargetError as error:
            return bad_request_reply(str(error), self._clock.now())
        if target.query is not None and self._rules.reject_query_strings:
            return bad_request_reply("This server takes no query string.", self._clock.now())
        return target

    def _directives(self, exchange: Exchange) -> CacheControl:
        """The request's directives that count: of all but only-if-cached only where the operator wants them to."""
        asked = CacheControl.parse(exchange.header("cache-control"))
        if self._rules.honors_cache_control:
            return asked
        return ONLY_IF_CACHED if asked.only_if_cached else NO_DIRECTIVES

    def _to_folder(self, target: Target) -> Reply:
        """Send on from a mount's own path: what its index document refers to is found from the folder only."""
        location = with_slash(target.path, target.query)
        return text_reply(HTTPStatus.FOUND, words_of(HTTPStatus.FOUND), self._clock.now(), ("location", location))
