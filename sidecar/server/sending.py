"""Replies onto the wire, through Sanic and around its edges."""

from collections.abc import AsyncGenerator, AsyncIterator
from typing import TYPE_CHECKING

from sanic import HTTPResponse
from sanic.compat import Header

from sidecar.server.responses import Reply

if TYPE_CHECKING:
    from sanic import Request

    from sidecar.cache.body import Body, Chunk


def response_of(reply: Reply) -> HTTPResponse:
    """A reply for a handler to return: complete in itself, or the headers only, for HEAD, which has no body."""
    return HTTPResponse(reply.text, status=reply.status, headers=Header(reply.fields), content_type=reply.media_type)


async def body_of(reply: Reply, body: "Body") -> AsyncIterator["Chunk"]:
    """The bytes of a reply's body, piece by piece. Raises what `Body.chunks` does.

    A part's head comes with its first bytes: nothing is to be sent as long as these might not be had.
    """
    for part in reply.parts:
        head = part.head
        async for chunk in body.chunks(part.range.start, part.range.stop):
            yield head + chunk if head else chunk
            head = b""
    if reply.tail:
        yield reply.tail


async def send_body(
    request: "Request", reply: Reply, first: "Chunk", rest: AsyncIterator["Chunk"]
) -> AsyncGenerator[int, None]:
    """Send the headers with the first chunk, then the others; yields the bytes of each chunk once it is on its way."""
    response = await request.respond(status=reply.status, headers=Header(reply.fields), content_type=reply.media_type)
    await response.send(first)
    yield len(first)
    async for chunk in rest:
        await response.send(chunk)
        yield len(chunk)
