"""A stand-in for Akumuli: refuses what it refuses, keeps silent as it does, and aborts where it aborts."""

import asyncio
import socket
import struct
from contextlib import suppress
from typing import Any, Self

from support.akumuli_parser import CrashError, Parser, RefusedError, Series, Stored
from support.http_client import LOOPBACK
from support.loop_thread import LoopThread
from support.ports import free_ports

_READ_BYTES = 4096
_DRIP_SECONDS = 1.0


class Akumuli:
    """Listens on one port for its whole life, in a thread of its own; a context manager that runs it.

    What was stored survives `stop`. After a single quote in a series it `has_crashed`, and its port is closed.
    """

    def __init__(self) -> None:
        (self.port,) = free_ports(1)
        self.series = Series()
        self.errors: list[str] = []
        self.connections = 0
        self.has_crashed = False
        self.refusal: str | None = None
        """What is said to whatever is sent, instead of taking it."""
        self._loop = LoopThread("akumuli")
        self._listener: asyncio.Server | None = None
        self._open: set[asyncio.Task[Any]] = set()
        self._cut_after: int | None = None
        self._is_dripping = False

    def __enter__(self) -> Self:
        self._loop.start()
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()
        self._loop.end()

    def start(self) -> None:
        """Listen."""
        self._loop.call(self._listen())

    def stop(self) -> None:
        """Listen no more, and drop every connection."""
        self._loop.call(self._stop_listening())

    def cut_after(self, n_bytes: int) -> None:
        """Drop the next connection that sends as much, once so many of its bytes were taken."""
        self._cut_after = n_bytes

    def drip(self) -> None:
        """Take one byte a second from now on."""
        self._is_dripping = True

    def hurry(self) -> None:
        """Take everything at once again, also from those who wait."""
        self._is_dripping = False

    def store(self, name: str, timestamp_ns: int, value: float | str = 1.0) -> None:
        """Store a point as another writer would."""
        self.series.write(name, timestamp_ns, value)

    def points(self, name: str) -> dict[str, list[Stored]]:
        """The series of that name, by their tags."""
        found = {}
        for series, stored in self.series.points.items():
            metric, _, tags = series.partition(" ")
            if metric == name:
                found[tags] = stored
        return found

    async def _listen(self) -> None:
        self._listener = await asyncio.start_server(self._serve, LOOPBACK, self.port)

    async def _stop_listening(self) -> None:
        if self._listener is not None:
            self._listener.close()
            self._listener = None
        for connection in self._open:
            connection.cancel()
        await asyncio.gather(*self._open, return_exceptions=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._open.add(task)
        self.connections += 1
        try:
            await self._take(reader, writer)
        except CrashError:
            self._crash()
        except asyncio.CancelledError:
            _reset(writer)
        finally:
            self._open.discard(task)
            writer.close()

    async def _take(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        parser, taken = Parser(self.series), 0
        while data := await self._read(reader):
            if self._cut_after is not None and taken + len(data) >= self._cut_after:
                data, self._cut_after, is_cut = data[: self._cut_after - taken], None, True
            else:
                is_cut = False
            taken += len(data)
            try:
                if self.refusal is not None:
                    raise RefusedError(self.refusal)  # noqa: TRY301 - as the parser would
                parser.feed(data)
            except RefusedError as refusal:
                self.errors.append(str(refusal))
                with suppress(OSError):
                    writer.write(f"{refusal}\r\n".encode())
                    await writer.drain()
                return
            if is_cut:
                _reset(writer)
                return

    async def _read(self, reader: asyncio.StreamReader) -> bytes:
        if self._is_dripping:
            for _ in range(int(_DRIP_SECONDS * 100)):
                await asyncio.sleep(0.01)
                if not self._is_dripping:
                    break
            else:
                return await reader.read(1)
        return await reader.read(_READ_BYTES)

    def _crash(self) -> None:
        self.has_crashed = True
        if self._listener is not None:
            self._listener.close()
            self._listener = None
        for connection in self._open - {asyncio.current_task()}:
            connection.cancel()


def _reset(writer: asyncio.StreamWriter) -> None:
    """Drop the connection as the kernel does for a process that ends with bytes it has not read."""
    writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()
