"""The management endpoints of the public port, behind the bearer token."""

import logging
from collections.abc import Awaitable, Callable
from email.utils import formatdate
from http import HTTPStatus
from typing import TYPE_CHECKING

from sanic import Blueprint, HTTPResponse, Request

from ops.auth import Access, BearerToken

if TYPE_CHECKING:
    from sidecar.clock import Clock

logger = logging.getLogger(__name__)

PREFIX = "/_proxy/_private"

_REFUSED = {Access.MALFORMED: HTTPStatus.BAD_REQUEST, Access.DENIED: HTTPStatus.FORBIDDEN}


def create_blueprint(token: BearerToken, clear: Callable[[], Awaitable[None]], clock: "Clock") -> Blueprint:
    """The endpoints; `clear` empties the cache in every worker before it returns."""
    blueprint = Blueprint("management", url_prefix=PREFIX)

    @blueprint.get("/_cache/clear", strict_slashes=True)
    async def clear_cache(request: Request) -> HTTPResponse:
        """Clear the cache: 304 when done; 403 without the token, 400 for another scheme than Bearer."""
        access = token.judge(request.headers.get("authorization"))
        if access is not Access.GRANTED:
            return _refusal(_REFUSED[access])
        await clear()
        logger.info("the cache was cleared")
        return HTTPResponse(status=HTTPStatus.NOT_MODIFIED)

    @blueprint.on_response  # type: ignore[untyped-decorator]  # Sanic gives it no types
    async def date(_: Request, response: HTTPResponse) -> None:
        """Date every answer (RFC 9110 6.6.1)."""
        response.headers.setdefault("date", formatdate(clock.now(), usegmt=True))

    return blueprint


def _refusal(status: HTTPStatus) -> HTTPResponse:
    return HTTPResponse(
        f"{status.value} {status.phrase}\n",
        status=status,
        headers={"cache-control": "no-store"},
        content_type="text/plain; charset=utf-8",
    )
