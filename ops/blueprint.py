"""The management endpoints of the public port, behind the bearer token."""

from collections.abc import Callable
from email.utils import formatdate
from http import HTTPStatus
from typing import TYPE_CHECKING

from sanic import Blueprint, HTTPResponse, Request

from ops.auth import Access, BearerToken
from ops.endpoints import Endpoints, Handler, guarded

if TYPE_CHECKING:
    from sidecar.clock import Clock

_FOLDER = "/_private"
_REFUSED = {Access.MALFORMED: HTTPStatus.BAD_REQUEST, Access.DENIED: HTTPStatus.FORBIDDEN}


def create_blueprint(
    ops_path: str, token: BearerToken, endpoints: Endpoints, clock: "Clock", watched: Callable[[Handler], Handler]
) -> Blueprint:
    """All of them, below `ops_path`; what `watched` makes of a handler is told of like any other request."""
    blueprint = Blueprint("management", url_prefix=ops_path + _FOLDER)
    old_clear = watched(_old_clear(token, endpoints))
    blueprint.add_route(old_clear, "/_cache/clear", methods=["GET"], name="clear_cache", strict_slashes=True)
    for method, path, handler in (
        ("POST", "/cache/clear", endpoints.clear),
        ("POST", "/cache/purge", endpoints.purge),
        ("POST", "/cache/warm", endpoints.warm),
        ("GET", "/cache/stats", endpoints.stats),
        ("GET", "/cache/entry", endpoints.entry),
        ("GET", "/prefix", endpoints.prefix),
        ("POST", "/prefix", endpoints.switch),
        ("GET", "/config", endpoints.config),
        ("GET", "/metrics", endpoints.metrics),
    ):
        name = handler.__name__
        admitted = watched(guarded(handler, token))
        blueprint.add_route(admitted, path, methods=[method], name=name, strict_slashes=True)

    @blueprint.on_response  # type: ignore[untyped-decorator]  # Sanic gives it no types
    async def date(_: Request, response: HTTPResponse) -> None:
        """Date every answer (RFC 9110 6.6.1)."""
        response.headers.setdefault("date", formatdate(clock.now(), usegmt=True))

    return blueprint


def _old_clear(token: BearerToken, endpoints: Endpoints) -> Handler:
    """The endpoint that was there first: its statuses are a contract."""

    async def clear_cache(request: Request) -> HTTPResponse:
        """Clear the cache: 304 when done; 403 without the token, 400 for another scheme than Bearer."""
        access = token.judge(request.headers.get("authorization"))
        if access is not Access.GRANTED:
            return _refusal(_REFUSED[access])
        await endpoints.clear_cache()
        return HTTPResponse(status=HTTPStatus.NOT_MODIFIED)

    return clear_cache


def _refusal(status: HTTPStatus) -> HTTPResponse:
    return HTTPResponse(
        f"{status.value} {status.phrase}\n",
        status=status,
        headers={"cache-control": "no-store"},
        content_type="text/plain; charset=utf-8",
    )
