"""A relay of bytes, whatever they mean, that can lose what comes back."""

import asyncio
from typing import Any, Self

from support.http_client import LOOPBACK
from support.loop_thread import LoopThread
from support.ports import free_ports


class TcpRelay:
    """Listens on a port of its own, in a thread of its own, and passes on to `port`; a context manager."""

    def __init__(self, port: int) -> None:
        (self.port,) = free_ports(1)
        self._target = port
        self._is_silent = False
        self._loop = LoopThread("tcp relay")
        self._listener: asyncio.Server | None = None
        self._open: set[asyncio.Task[Any]] = set()

    def __enter__(self) -> Self:
        self._loop.start()
        self._loop.call(self._listen())
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.call(self._end())
        self._loop.end()

    @property
    def connections(self) -> int:
        """How many are open."""
        return len(self._open)

    def silence(self, *, is_silent: bool = True) -> None:
        """Lose whatever the server says from now on; what it is told still reaches it."""
        self._is_silent = is_silent

    def cut(self) -> None:
        """Drop every connection."""
        self._loop.call(self._cut())

    async def _listen(self) -> None:
        self._listener = await asyncio.start_server(self._serve, LOOPBACK, self.port)

    async def _end(self) -> None:
        if self._listener is not None:
            self._listener.close()
        await self._cut()

    async def _cut(self) -> None:
        for connection in self._open:
            connection.cancel()
        await asyncio.gather(*self._open, return_exceptions=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._open.add(task)
        try:
            there, back = await asyncio.open_connection(LOOPBACK, self._target)
            try:
                async with asyncio.TaskGroup() as both:
                    both.create_task(self._pass(reader, back, is_answer=False))
                    both.create_task(self._pass(there, writer, is_answer=True))
            finally:
                back.transport.abort()
        except (OSError, ExceptionGroup, asyncio.CancelledError):
            pass  # one side has gone, or `cut`; asyncio's own callback complains of a cancelled task
        finally:
            self._open.discard(task)
            writer.transport.abort()

    async def _pass(self, source: asyncio.StreamReader, drain: asyncio.StreamWriter, *, is_answer: bool) -> None:
        while data := await source.read(65536):
            if not (is_answer and self._is_silent):
                drain.write(data)
                await drain.drain()
        drain.write_eof()
