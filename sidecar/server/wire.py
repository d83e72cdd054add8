"""Replies as bytes, for answers that are not Sanic's; in its order and spelling."""

from http import HTTPStatus
from typing import Final

from sidecar.server.responses import Reply

KEEP_ALIVE: Final = b"connection: keep-alive\r\n\r\n"
CLOSE: Final = b"connection: close\r\n\r\n"
"""The last line of a head, and the empty one after it."""


def encode_head(reply: Reply) -> bytes:
    """Status line and headers; one of the two last lines above has to follow."""
    status = HTTPStatus(reply.status)
    lines = (f"HTTP/1.1 {status.value} {status.phrase}", *(f"{name}: {value}" for name, value in reply.fields), "")
    return "\r\n".join(lines).encode()


def encode_reply(reply: Reply, *, is_head: bool) -> bytes:
    """All of a reply whose body is its text, and after which the connection ends; to HEAD without that body."""
    return encode_head(reply) + CLOSE + (b"" if is_head else reply.text)
