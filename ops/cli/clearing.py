"""Clears the cache of a server, of an older one too."""

from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from ops.cli.faults import data_of, refusal

if TYPE_CHECKING:
    from ops.cli.client import Client

_OLDER = "_cache/clear"


def clear(client: "Client") -> Any:
    """Clear it. Raises CommandError."""
    has_token = bool(client.token)
    reply = client.ask("POST", client.path("cache/clear"))
    if reply.status not in {HTTPStatus.NOT_FOUND, HTTPStatus.METHOD_NOT_ALLOWED}:
        return data_of(reply, has_token=has_token)
    # The one endpoint that every version has: its 304 is a contract.
    reply = client.ask("GET", client.path(_OLDER))
    if reply.status != HTTPStatus.NOT_MODIFIED:
        raise refusal(reply, has_token=has_token)
    return {"cleared": True}
