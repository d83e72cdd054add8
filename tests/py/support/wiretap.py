"""A server of one reply at a time that keeps the bytes of what it was asked; also a proxy that answers by itself."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from typing import TypeAlias

Reply: TypeAlias = Callable[[bytes], bytes]
"""From the head of a request to the whole answer."""


def reply(status: str, *headers: str, body: bytes = b"") -> bytes:
    """Write an answer; Content-Length is added."""
    lines = [f"HTTP/1.1 {status}", *headers, f"Content-Length: {len(body)}", "", ""]
    return "\r\n".join(lines).encode() + body


class Wiretap:
    """Keeps every head it gets, in order, and answers with what `reply` makes of it."""

    def __init__(self, answer: Reply) -> None:
        self.answer = answer
        self.heads: list[bytes] = []
        self.url = ""
        self._writers: list[asyncio.StreamWriter] = []

    async def close(self) -> None:
        """Close every connection."""
        for writer in self._writers:
            writer.close()
            with suppress(OSError):
                await writer.wait_closed()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Carry one connection."""
        self._writers.append(writer)
        with suppress(OSError, EOFError):
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                self.heads.append(head)
                writer.write(self.answer(head))
                await writer.drain()
        writer.close()


@asynccontextmanager
async def tapped(answer: Reply) -> AsyncIterator[Wiretap]:
    """Listen on a free port of loopback, in this loop."""
    wiretap = Wiretap(answer)
    server = await asyncio.start_server(wiretap.serve, "127.0.0.1", 0)
    wiretap.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    async with server:
        try:
            yield wiretap
        finally:
            await wiretap.close()
