"""One connection to a server that answers only what it refuses: everything is sent, then read to the end."""

import asyncio
import fcntl
import struct
import termios
from collections.abc import Sequence
from typing import cast

_MOST = 4096
"""Bytes of an answer that are kept: an error is one line."""


class _Conversation(asyncio.Protocol):
    def __init__(self) -> None:
        self.ended: asyncio.Future[Exception | None] = asyncio.get_running_loop().create_future()
        self.answer = bytearray()
        self.is_whole = False
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        self.answer += data[: _MOST - len(self.answer)]

    def eof_received(self) -> None:
        assert self._transport is not None  # noqa: S101 - asyncio's order of calls
        self.is_whole = _unsent_bytes(self._transport) == 0

    def connection_lost(self, exc: Exception | None) -> None:
        if not self.ended.done():
            self.ended.set_result(exc)


async def exchange(addresses: Sequence[str], port: int, data: bytes, seconds: float) -> bytes:
    """Send `data` and half-close; what the server has answered by the time it closes, which is nothing if all is well.

    Raises OSError where no connection could be made, it broke, or the server closed it before everything had reached
    it; TimeoutError after so many seconds.
    """
    async with asyncio.timeout(seconds):
        transport, conversation = await _connect(addresses, port)
        try:
            transport.write(data)
            transport.write_eof()
            failure = await conversation.ended
        finally:
            transport.abort()
    if conversation.answer:
        return bytes(conversation.answer)
    if failure is not None or not conversation.is_whole:
        raise ConnectionResetError("the connection broke") from failure
    return b""


async def _connect(addresses: Sequence[str], port: int) -> tuple[asyncio.Transport, _Conversation]:
    failure = OSError("it has no address")
    for address in addresses:
        try:
            return await asyncio.get_running_loop().create_connection(_Conversation, address, port)
        except OSError as error:
            failure = error
    raise failure


def _unsent_bytes(transport: asyncio.Transport) -> int:
    """What the server's kernel has not confirmed: a server that closes early would else look like one that is done."""
    raw = fcntl.ioctl(transport.get_extra_info("socket").fileno(), termios.TIOCOUTQ, b"\0" * 4)
    return transport.get_write_buffer_size() + int(struct.unpack("i", raw)[0])
