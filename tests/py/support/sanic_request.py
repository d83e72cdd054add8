"""A request as Sanic hands it to the server, made without a connection."""

from functools import cache
from typing import TYPE_CHECKING

from sanic import Request, Sanic
from sanic.compat import Header
from sanic.models.protocol_types import TransportProtocol

if TYPE_CHECKING:
    from types import SimpleNamespace

    from sanic.config import Config


def a_request(target: str | bytes = "/", method: str = "GET", **headers: str) -> Request:
    """A request of Sanic's own class; headers are named as in `if_none_match="*"`."""
    fields = Header({name.replace("_", "-"): value for name, value in headers.items()})
    raw = target.encode() if isinstance(target, str) else target
    return Request(raw, fields, "1.1", method, TransportProtocol(), _app())


@cache
def _app() -> "Sanic[Config, SimpleNamespace]":
    return Sanic("requests-of-tests", configure_logging=False)
