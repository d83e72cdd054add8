"""The one table that chooses the status of a failure, and the words a client sees."""

import logging
from http import HTTPStatus
from typing import TYPE_CHECKING

from sanic.exceptions import MethodNotAllowed, RequestCancelled, SanicException
from sanic.handlers import ErrorHandler

from sidecar.errors import (
    OriginChanged,
    OriginError,
    OriginForbidden,
    OriginNotAsked,
    OriginNotFound,
    OriginProtocolError,
    OriginRefusedCredentials,
    OriginTimeout,
    OriginUnavailable,
)
from sidecar.http.cors import ALLOWED_METHODS
from sidecar.server.exchange import Exchange
from sidecar.server.responses import Reply, text_reply
from sidecar.server.sending import response_of

if TYPE_CHECKING:
    from sanic import HTTPResponse, Request

    from sidecar.clock import Clock
    from sidecar.server.finish import Finish
    from sidecar.server.telling import Telling

logger = logging.getLogger(__name__)

_STATUS: dict[type[OriginError], HTTPStatus] = {
    OriginNotFound: HTTPStatus.NOT_FOUND,
    OriginNotAsked: HTTPStatus.GATEWAY_TIMEOUT,
    OriginChanged: HTTPStatus.BAD_GATEWAY,
    OriginForbidden: HTTPStatus.FORBIDDEN,
    OriginRefusedCredentials: HTTPStatus.BAD_GATEWAY,
    OriginProtocolError: HTTPStatus.BAD_GATEWAY,
    OriginUnavailable: HTTPStatus.SERVICE_UNAVAILABLE,
    OriginTimeout: HTTPStatus.GATEWAY_TIMEOUT,
}
_DEFAULT_RETRY_SECONDS = 5
_NOT_STORED = ("cache-control", "no-store")


def words_of(status: int) -> str:
    """The text of an error: its status and the reason that goes with it. What went wrong inside is for the log."""
    try:
        return f"{status} {HTTPStatus(status).phrase}"
    except ValueError:
        return str(status)


def plain_reply(status: int, now: float) -> Reply:
    """The answer that says no more than its status."""
    return text_reply(status, words_of(status), now)


def bad_request_reply(what: str, now: float) -> Reply:
    """The 400 that says what is wrong with the request, in words that repeat nothing of it."""
    return text_reply(HTTPStatus.BAD_REQUEST, f"{words_of(HTTPStatus.BAD_REQUEST)}: {what}", now)


def status_of(error: OriginError) -> int:
    """The status that a failure of the bucket is answered with."""
    return _STATUS[type(error)]


def refusal_reply(error: OriginError, now: float) -> Reply:
    """The answer when the bucket did not give the object; an outage is never stored on the way to the client."""
    status = status_of(error)
    fields = [_NOT_STORED]
    if isinstance(error, OriginUnavailable):
        fields.append(("retry-after", str(error.retry_after or _DEFAULT_RETRY_SECONDS)))
    return text_reply(status, words_of(status), now, *fields)


def closing_reply(status: HTTPStatus, reason: str, now: float) -> Reply:
    """The answer to what is no request, with what is wrong with it."""
    return text_reply(status, f"{words_of(status)}: {reason}", now, _NOT_STORED)


class FaultHandler(ErrorHandler):
    """Short answers to what Sanic raises before or within a handler; the unexpected goes to the log with its trace."""

    def __init__(self, clock: "Clock", finish: "Finish", telling: "Telling") -> None:
        super().__init__()
        self._telling = telling
        self._clock = clock
        self._finish = finish

    def response(self, request: "Request | None", exception: Exception) -> "HTTPResponse":
        """Answer instead of a handler that failed, or was never reached."""
        reply = self._reply(exception)
        if request is None:
            return response_of(reply)
        # What was begun may know already what the cache did, which stays true; and it is told of by who began it.
        begun = getattr(request.ctx, "exchange", None)
        exchange = begun or Exchange(request)
        response = self._finish.whole(exchange, reply)
        if begun is None:
            self._telling.refused(exchange, reply)
        return response

    def _reply(self, exception: Exception) -> Reply:
        status = exception.status_code if isinstance(exception, SanicException) else HTTPStatus.INTERNAL_SERVER_ERROR
        if status == HTTPStatus.INTERNAL_SERVER_ERROR and not isinstance(exception, RequestCancelled):
            logger.error("a request failed", exc_info=exception)
        fields = [_NOT_STORED]
        if isinstance(exception, MethodNotAllowed):
            allowed = exception.headers.get("Allow", ALLOWED_METHODS).split(", ")
            fields.append(("allow", ", ".join(sorted(allowed))))
        return text_reply(status, words_of(status), self._clock.now(), *fields)
