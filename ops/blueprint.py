"""The management endpoints of the public port, behind the bearer token."""

import logging
from collections.abc import Awaitable, Callable
from http import HTTPStatus

from sanic import Blueprint, HTTPResponse, Request

from ops.auth import Access, BearerToken

logger = logging.getLogger(__name__)

PREFIX = "/_proxy/_private"

_REFUSED = {Access.MALFORMED: HTTPStatus.BAD_REQUEST, Access.DENIED: HTTPStatus.FORBIDDEN}


def create_blueprint(token: BearerToken, clear: Callable[[], Awaitable[None]]) -> Blueprint:
    """The endpoints; `clear` empties the cache in every worker before it returns."""
    blueprint = Blueprint("management", url_prefix=PREFIX)

    @blueprint.get("/_cache/clear", strict_slashes=True)
    async def clear_cache(request: Request) -> HTTPResponse:
        """Clear the cache: 304 when done; 403 without the token, 400 for another scheme than Bearer."""
        access = token.judge(request.headers.get("authorization"))
        if access is not Access.GRANTED:
            status = _REFUSED[access]
            return HTTPResponse(
                f"{status.value} {status.phrase}\n",
                status=status,
                headers={"cache-control": "no-store"},
                content_type="text/plain; charset=utf-8",
            )
        await clear()
        logger.info("the cache was cleared")
        return HTTPResponse(status=HTTPStatus.NOT_MODIFIED)

    return blueprint
