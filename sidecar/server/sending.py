"""Replies onto the wire, through Sanic and around its edges."""

from collections.abc import AsyncGenerator, AsyncIterator
from typing import TYPE_CHECKING

from sanic import HTTPResponse
from sanic.compat import Header

from sidecar.server.responses import Reply

if TYPE_CHECKING:
    from sanic import Request


def response_of(reply: Reply) -> HTTPResponse:
    """A reply for a handler to return: complete in itself, or the headers only, for HEAD, which has no body."""
    return HTTPResponse(reply.text, status=reply.status, headers=Header(reply.fields), content_type=reply.media_type)


async def send_body(
    request: "Request", reply: Reply, first: bytes, rest: AsyncIterator[bytes]
) -> AsyncGenerator[int, None]:
    """Send the headers with the first chunk, then the others; yields the bytes of each chunk once it is on its way."""
    response = await request.respond(status=reply.status, headers=Header(reply.fields), content_type=reply.media_type)
    await response.send(first)
    yield len(first)
    async for chunk in rest:
        await response.send(chunk)
        yield len(chunk)
