"""One connection to a server that answers only what it refuses: everything is sent, then read to the end."""

import asyncio
import fcntl
import socket
import struct
import termios
from collections.abc import Sequence
from typing import cast

SETTLE_SECONDS = 0.005
"""Between the last byte and the half-close: who closes by then was not asked to, and need not have taken it all."""
_MOST = 4096
"""Bytes of an answer that are kept: an error is one line."""


class _Conversation(asyncio.Protocol):
    def __init__(self) -> None:
        self.answer = bytearray()
        self.failure: Exception | None = ConnectionResetError("the connection was closed early")
        self._ended: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._is_lost = asyncio.Event()
        self._can_write = asyncio.Event()
        self._is_asked_to_close = False
        self._transport: asyncio.Transport | None = None

    @property
    def has_ended(self) -> bool:
        """Whether the server has closed it, or it broke."""
        return self._ended.done() and not self._ended.cancelled()

    async def send(self, data: bytes, settle_seconds: float) -> None:
        """Send everything, half-close, and wait for the server's end of it."""
        transport = self._transport
        assert transport is not None  # noqa: S101 - asyncio's order of calls
        self._can_write.set()
        transport.set_write_buffer_limits(0)
        transport.write(data)
        await self._can_write.wait()
        if data:
            await asyncio.wait({self._ended}, timeout=settle_seconds)
        if not self._ended.done():
            self._is_asked_to_close = True
            transport.write_eof()
        await self._ended

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)

    def pause_writing(self) -> None:
        self._can_write.clear()

    def resume_writing(self) -> None:
        self._can_write.set()

    def data_received(self, data: bytes) -> None:
        self.answer += data[: _MOST - len(self.answer)]

    def eof_received(self) -> None:
        if self._is_asked_to_close and _unsent_bytes(self._transport) == 0:
            self.failure = None
        self._end()

    def connection_lost(self, exc: Exception | None) -> None:
        self.failure = exc or self.failure
        self._is_lost.set()
        self._end()

    async def lost(self) -> None:
        """Wait until nothing can be sent any more."""
        await self._is_lost.wait()

    def _end(self) -> None:
        self._can_write.set()
        if not self._ended.done():
            self._ended.set_result(None)


async def exchange(
    addresses: Sequence[str], port: int, data: bytes, seconds: float, *, settle_seconds: float = SETTLE_SECONDS
) -> bytes:
    """Send `data` and half-close; what the server has answered by the time it closes, which is nothing if all is well.

    Raises OSError where no connection could be made, it broke, or the server closed it before everything had reached
    it; TimeoutError after so many seconds.
    """
    async with asyncio.timeout(seconds):
        transport, conversation = await _connect(addresses, port)
        try:
            await conversation.send(data, settle_seconds)
        finally:
            if not conversation.has_ended:
                _forget_unsent(transport)
            transport.abort()
            await conversation.lost()  # asyncio closes it a moment later, and who gave up may send again at once
    if conversation.failure is not None and not conversation.answer:
        raise conversation.failure
    return bytes(conversation.answer)


async def _connect(addresses: Sequence[str], port: int) -> tuple[asyncio.Transport, _Conversation]:
    failure = OSError("it has no address")
    for address in addresses:
        try:
            return await asyncio.get_running_loop().create_connection(_Conversation, address, port)
        except OSError as error:
            failure = error
    raise failure


def _unsent_bytes(transport: asyncio.Transport | None) -> int:
    """What the server's kernel has not confirmed: a server that closes early would else look like one that is done."""
    assert transport is not None  # noqa: S101 - asyncio's order of calls
    raw = fcntl.ioctl(transport.get_extra_info("socket").fileno(), termios.TIOCOUTQ, b"\0" * 4)
    return transport.get_write_buffer_size() + int(struct.unpack("i", raw)[0])


def _forget_unsent(transport: asyncio.Transport) -> None:
    """Reset the connection: the kernel would else deliver later what is sent again by then."""
    transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
