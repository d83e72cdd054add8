"""mmdb-ws as it was observed: one reply for each message, in their order, over a WebSocket.

Known addresses are answered with sorted lines of `key : value`, all else with the question without its prefix. What
goes wrong is for the test to say.
"""

import asyncio
from collections.abc import Callable
from ipaddress import ip_address, ip_network
from typing import TYPE_CHECKING, Self

from websockets.asyncio.server import ServerConnection, serve

from support.locations import location
from support.loop_thread import LoopThread
from support.ports import free_ports

if TYPE_CHECKING:
    from websockets.asyncio.server import Server

_MUNICH = ip_network("203.1.113.0/24")
Script = Callable[[str], str | None]
"""What is answered to a question; None for nothing, ever."""


def answer(question: str) -> str:
    """What the real server says."""
    address = question.removeprefix("f:")
    try:
        is_known = ip_address(address) in _MUNICH
    except ValueError:
        is_known = False
    if not is_known:
        return address
    return "".join(f"{key} : {value}\n" for key, value in sorted(location(address).items()))


class MmdbWs:
    """A server in a thread of its own; `port` stays the same when it is stopped and started again."""

    def __init__(self) -> None:
        (self.port,) = free_ports(1)
        self.script: Script = answer
        self.delay_seconds = 0.0
        self.closes_after: int | None = None
        """After so many replies a connection is closed."""
        self.questions: list[str] = []
        self.connections = 0
        self._loop = LoopThread("mmdb-ws")
        self._server: Server | None = None
        self._conversations: set[asyncio.Task[None]] = set()

    def __enter__(self) -> Self:
        self._loop.start()
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()
        self._loop.end()

    def start(self) -> None:
        """Listen."""
        self._loop.call(self._start())

    def stop(self) -> None:
        """Close every connection, and listen no longer."""
        self._loop.call(self._stop())

    async def _start(self) -> None:
        self._server = await serve(self._converse, "127.0.0.1", self.port, close_timeout=0.2)

    async def _stop(self) -> None:
        if self._server is not None:
            self._server.close()
            for conversation in self._conversations:
                conversation.cancel()
            await self._server.wait_closed()
            self._server = None

    async def _converse(self, connection: ServerConnection) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._conversations.add(task)
        try:
            await self._reply_to_all(connection)
        finally:
            self._conversations.discard(task)

    async def _reply_to_all(self, connection: ServerConnection) -> None:
        self.connections += 1
        replies = 0
        async for question in connection:
            assert isinstance(question, str)
            self.questions.append(question)
            if self.delay_seconds:
                await asyncio.sleep(self.delay_seconds)
            reply = self.script(question)
            if reply is None:
                continue
            await connection.send(reply)
            replies += 1
            if replies == self.closes_after:
                return
