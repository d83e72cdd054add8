"""One connection through a relay: requests one way, answers the other, bytes unchanged."""

import asyncio
import socket
import struct
from collections import deque
from collections.abc import AsyncIterator, Callable
from contextlib import suppress

from support.exchange import Exchange, RequestReader
from support.http_reply import Head
from support.relay_script import BEFORE_HEAD, Answer, Barrier, CutOffError, Fault, Script

_PIECE = 64 * 1024
_RESET_ON_CLOSE = struct.pack("ii", 1, 0)


class Wire:
    """A reader and a writer of one socket."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self._writer = writer
        # So that what was written is in the kernel's hands when `send` returns.
        writer.transport.set_write_buffer_limits(high=0)

    async def send(self, data: bytes) -> None:
        """Write and wait until it has left this process."""
        self._writer.write(data)
        await self._writer.drain()

    def reset(self) -> None:
        """Close with a TCP reset."""
        self._writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET_ON_CLOSE)
        self._writer.transport.abort()

    async def close(self) -> None:
        """Close and wait for the end; nothing is unsent, unless the other side does not read."""
        self._writer.transport.abort()
        with suppress(OSError):
            await self._writer.wait_closed()


class RelayConnection:
    """Carries one client's requests to the store, and does to the answers what the script says."""

    def __init__(
        self, client: Wire, store: Wire, bucket: str, script: Script, on_request: Callable[[Exchange], None]
    ) -> None:
        self._client = client
        self._store = store
        self._script = script
        self._note = on_request
        self._requests = RequestReader(bucket, self._arrived)
        self._pending: deque[tuple[Exchange, Fault | None]] = deque()

    async def run(self) -> None:
        """Carry on until one side closes or the script cuts; raises what goes wrong in the relay itself."""
        loop = asyncio.get_running_loop()
        ways = [loop.create_task(self._carry_requests()), loop.create_task(self._carry_answers())]
        try:
            await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for way in ways:
                way.cancel()
            results = await asyncio.gather(*ways, return_exceptions=True)
        for result in results:
            if isinstance(result, CutOffError) and result.is_reset:
                self._client.reset()
            expected = (OSError, EOFError, CutOffError, asyncio.CancelledError)
            if isinstance(result, BaseException) and not isinstance(result, expected):
                raise result

    def _arrived(self, exchange: Exchange) -> None:
        fault = self._script.take(exchange.key)
        self._pending.append((exchange, fault))
        self._note(exchange)
        if isinstance(fault, Barrier):
            fault.arrived.set()

    async def _carry_requests(self) -> None:
        unsent = b""
        while data := await self._client.reader.read(_PIECE):
            unsent += data
            self._requests.feed(data)
            if self._requests.current is None:
                continue  # the rest of the head will say what is to become of these bytes
            exchange, fault = self._pending[-1] if self._pending else (None, None)
            if exchange is self._requests.current and isinstance(fault, Answer):
                await self._answer(exchange, fault)
            else:
                await self._store.send(unsent)
            unsent = b""
            if self._requests.is_complete:
                self._requests.take()

    async def _answer(self, exchange: Exchange, answer: Answer) -> None:
        if not self._requests.is_complete:
            return
        self._pending.pop()
        exchange.status = answer.status
        await self._client.send(answer.encode(exchange.method))
        exchange.completed.set()

    async def _carry_answers(self) -> None:
        while True:
            raw_head = await self._store.reader.readuntil(b"\r\n\r\n")
            exchange, fault = self._pending[0]
            head = Head.parse(raw_head)
            await self._pass_head(exchange, fault, head, raw_head)
            if head.status < 200:
                continue
            async for piece in _body(self._store.reader, head, exchange.method):
                await self._pass_body(exchange, fault, piece)
            exchange.completed.set()
            self._pending.popleft()

    async def _pass_head(self, exchange: Exchange, fault: Fault | None, head: Head, raw: bytes) -> None:
        if head.status >= 200:
            exchange.status = head.status
            await _strike(fault, BEFORE_HEAD)
        await self._client.send(raw)
        if head.status >= 200:
            await _strike(fault, 0)

    async def _pass_body(self, exchange: Exchange, fault: Fault | None, piece: bytes) -> None:
        if fault is not None and not isinstance(fault, Answer):
            until_fault = fault.position - exchange.body_bytes
            if 0 < until_fault <= len(piece):
                await self._pass_on(exchange, piece[:until_fault])
                await fault.strike()
                piece = piece[until_fault:]
        await self._pass_on(exchange, piece)

    async def _pass_on(self, exchange: Exchange, piece: bytes) -> None:
        exchange.body_bytes += len(piece)
        await self._client.send(piece)


async def _strike(fault: Fault | None, position: int) -> None:
    if fault is not None and not isinstance(fault, Answer) and fault.position == position:
        await fault.strike()


async def _body(reader: asyncio.StreamReader, head: Head, method: str) -> AsyncIterator[bytes]:
    """Yield the bytes of a body with their framing, in pieces."""
    if not head.has_body(method):
        return
    if head.is_chunked:
        async for piece in _chunks(reader):
            yield piece
        return
    left = head.content_length
    while left is None or left > 0:
        piece = await reader.read(_PIECE if left is None else min(left, _PIECE))
        if not piece:
            raise EOFError("the store has closed the connection")
        left = left and left - len(piece)
        yield piece


async def _chunks(reader: asyncio.StreamReader) -> AsyncIterator[bytes]:
    size = -1
    while size != 0:
        line = await reader.readuntil(b"\r\n")
        size = int(line.partition(b";")[0], 16)
        # A chunk of size nothing is followed by an empty line too, for the stores send no trailers.
        yield line + await reader.readexactly(size + 2)
