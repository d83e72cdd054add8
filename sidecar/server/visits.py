"""A visit of the website: what its rules ask is asked of the cache, and what they conclude is answered."""

import logging
from http import HTTPStatus
from typing import TYPE_CHECKING

from sidecar.errors import BodyLost, OriginChanged, OriginUnavailable
from sidecar.origin.steps import Finding, Listing, Lookup, Question, Redirect, Refuse, Serve, Step, Visit
from sidecar.origin.website import MAX_QUESTIONS, redirect_location
from sidecar.server.delivery import Delivery
from sidecar.server.faults import bad_request_reply, plain_reply, refusal_reply
from sidecar.server.inquiry import Inquiry
from sidecar.server.listing import ListingQuery, ListingQueryError, listing_reply
from sidecar.server.redirects import redirect_reply
from sidecar.server.responses import missing_reply

if TYPE_CHECKING:
    from sanic import HTTPResponse

    from sidecar.cache.answer import Answer
    from sidecar.cache.stored import StoredResponse
    from sidecar.clock import Clock
    from sidecar.http.cache_control import CacheControl
    from sidecar.server.exchange import Exchange
    from sidecar.server.finish import Finish
    from sidecar.server.hot_keeping import HotKeeping
    from sidecar.server.responses import Reply

logger = logging.getLogger(__name__)

_MOST_TOLD = 100
_VARIES = (("vary", "accept"),)


class Visits:
    """Answers visits out of the cache of their sites."""

    def __init__(self, finish: "Finish", keeping: "HotKeeping", clock: "Clock") -> None:
        self._finish = finish
        self._clock = clock
        self._delivery = Delivery(finish, keeping, clock)
        self._told: set[str] = set()

    async def answer(self, exchange: "Exchange", visit: Visit, asked: "CacheControl") -> "HTTPResponse | None":
        """Answer out of the cache; once more when what it gave was altered, or of a version that is gone."""
        try:
            return await self._try(exchange, visit, asked)
        except (BodyLost, OriginChanged) as error:
            logger.warning("%r is fetched anew: %s", exchange.resource, error)
            await exchange.site.engine.forget(exchange.object_key)
        try:
            return await self._try(exchange, visit, asked)
        except (BodyLost, OriginChanged) as error:
            changing = OriginUnavailable(f"the object keeps changing: {error}")
            return self._finish.whole(exchange, refusal_reply(changing, self._clock.now()))

    async def _try(self, exchange: "Exchange", visit: Visit, asked: "CacheControl") -> "HTTPResponse | None":
        website, inquiry = exchange.site.website, Inquiry(exchange, asked)
        try:
            step = website.first(visit)
            for _ in range(MAX_QUESTIONS):
                if not isinstance(step, Lookup | Listing):
                    break
                step = website.next(visit, step, await self._ask(inquiry, step, visit))
            if isinstance(step, Serve) and inquiry.answer is not None:
                return await self._serve(exchange, inquiry, inquiry.answer, step)
            return self._finish.whole(exchange, self._reply(step, visit, inquiry))
        except ListingQueryError as error:
            return self._finish.whole(exchange, bad_request_reply(str(error), self._clock.now()))
        finally:
            await inquiry.close()

    async def _serve(
        self, exchange: "Exchange", inquiry: Inquiry, answer: "Answer", step: Serve
    ) -> "HTTPResponse | None":
        if step.status != HTTPStatus.OK:
            return await self._delivery.send(exchange, answer, self._refusal(step, inquiry))
        self._tell_of_unusable(answer.stored, exchange.object_key)
        return await self._delivery.send(exchange, answer, varies=_VARIES if step.is_negotiated else ())

    async def _ask(self, inquiry: Inquiry, question: Question, visit: Visit) -> Finding:
        if isinstance(question, Lookup):
            return await inquiry.look_up(question)
        query = ListingQuery() if question.is_probe else ListingQuery.parse(visit.query)
        return await inquiry.list(query.page_of(question.prefix))

    def _reply(self, step: Step, visit: Visit, inquiry: Inquiry) -> "Reply":
        now = self._clock.now()
        match step:
            case Redirect():
                return redirect_reply(step, inquiry.stored, now)
            case Serve() if inquiry.page is not None:
                return listing_reply(visit, ListingQuery.parse(visit.query), inquiry.page, now)
            case Refuse():
                return self._refusal(step, inquiry)
        raise AssertionError(f"{step} is no conclusion")

    def _refusal(self, step: Refuse | Serve, inquiry: Inquiry) -> "Reply":
        """Why there is nothing, as the bucket has told it."""
        now, error = self._clock.now(), inquiry.errors.get(step.status)
        if error is not None:
            reply = refusal_reply(error, now)
        elif step.status == HTTPStatus.NOT_FOUND and inquiry.missing is not None:
            reply = missing_reply(inquiry.missing, now)
        else:
            reply = plain_reply(step.status, now)
        return reply.with_fields(*_VARIES) if step.is_negotiated else reply

    def _tell_of_unusable(self, stored: "StoredResponse", object_key: str) -> None:
        """Log once of an object that would lead to what is neither a path nor a URL."""
        value = stored.redirect_location
        if value is None or redirect_location(value, mount="") is not None or len(self._told) >= _MOST_TOLD:
            return
        if object_key not in self._told:
            self._told.add(object_key)
            logger.warning(
                "%r is served as it is: its x-amz-website-redirect-location %r is no path and no http or https URL",
                object_key,
                value,
            )
