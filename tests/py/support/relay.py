"""A relay in front of a store that counts requests and does to them what a test has scripted."""

import asyncio
from collections.abc import Mapping
from contextlib import suppress
from typing import Any, Self

from support.endpoint import Endpoint, Source, endpoint_of
from support.exchange import Exchange
from support.loop_thread import LoopThread
from support.ports import free_ports
from support.relay_connection import RelayConnection, Wire
from support.relay_script import BEFORE_HEAD, Answer, Barrier, Cut, Fault, Script


class Relay:
    """Real sockets in a thread of their own; a context manager. Bytes pass unchanged, so signatures stay good.

    Faults are for an object key, or None for every request that has no fault of its own; a new one takes the place of
    an earlier one. When the store is down, connections are accepted and then closed.
    Leaving it raises what went wrong in the relay itself.
    """

    def __init__(self, source: Source) -> None:
        self._origin = endpoint_of(source)
        (self.port,) = free_ports(1)
        self._loop = LoopThread("relay")
        self._listener: asyncio.Server | None = None
        self._script = Script()
        self._exchanges: list[Exchange] = []
        self._barriers: set[Barrier] = set()
        self._connections: set[asyncio.Task[Any]] = set()
        self._failures: list[Exception] = []

    def __enter__(self) -> Self:
        self._loop.start()
        self.accept()
        return self

    def __exit__(self, *_: object) -> None:
        self.refuse()
        self._loop.end()
        if self._failures:
            raise self._failures[0]

    @property
    def endpoint_url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def endpoint(self) -> Endpoint:
        """The store's bucket and identity, through this relay."""
        return self._origin.at(self.endpoint_url)

    @property
    def exchanges(self) -> list[Exchange]:
        """Every request whose head has come, in order, with what became of it."""
        return list(self._exchanges)

    @property
    def requests(self) -> list[tuple[str, str]]:
        """Method and raw target of every request whose head has come, in order."""
        return [(seen.method, seen.target) for seen in self._exchanges]

    def count(self, *, method: str | None = None, key: str | None = None) -> int:
        """How many requests came, of this method and for this key when they are given."""
        return sum(
            (method is None or seen.method == method) and (key is None or seen.key == key) for seen in self._exchanges
        )

    def reset(self) -> None:
        """Forget the requests counted so far; the script stays."""
        self._exchanges.clear()

    def refuse(self) -> None:
        """Stop listening, and drop every open connection: the origin is gone."""
        self._loop.call(self._stop_listening())

    def accept(self) -> None:
        """Listen again, on the same port."""
        self._loop.call(self._listen())

    def hold(self, key: str | None) -> Barrier:
        """Pass requests to the store, and park the answers before their first byte."""
        return self.pause_after(key, BEFORE_HEAD)

    def pause_after(self, key: str | None, n_bytes: int) -> Barrier:
        """Park answers when their head and `n_bytes` of their body were passed on; shorter ones pass."""
        barrier = Barrier(n_bytes, self._release)
        self._barriers.add(barrier)
        self._script.put(key, barrier)
        return barrier

    def cut_after(self, key: str | None, n_bytes: int, *, is_reset: bool = False, times: int | None = None) -> None:
        """Close the connection to the client when the head and `n_bytes` of a body were passed on."""
        self._script.put(key, Cut(n_bytes, is_reset=is_reset), times)

    def answer(
        self,
        key: str | None,
        status: int,
        body: bytes = b"",
        *,
        headers: Mapping[str, str] | None = None,
        has_length: bool = True,
        times: int | None = None,
    ) -> None:
        """Answer in the store's place, which sees nothing of the request; `body` is sent as it is.

        Content-Length is added, unless the headers say how the body ends.
        """
        self._script.put(key, Answer(status, body, headers or {}, has_length=has_length), times)

    def heal(self) -> None:
        """Forget the whole script, and release what is parked."""
        self._script.clear()
        for barrier in list(self._barriers):
            self._release(barrier)

    def _release(self, barrier: Barrier) -> None:
        self._script.remove(barrier)
        self._barriers.discard(barrier)
        with suppress(RuntimeError):  # the relay has ended, and nothing is parked any more
            self._loop.call_soon(barrier.open)

    async def _listen(self) -> None:
        if self._listener is None:
            self._listener = await asyncio.start_server(self._serve, "127.0.0.1", self.port, backlog=1024)

    async def _stop_listening(self) -> None:
        if self._listener is not None:
            self._listener.close()
            await self._listener.wait_closed()
            self._listener = None
        for connection in self._connections:
            connection.cancel()
        await asyncio.gather(*self._connections, return_exceptions=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._connections.add(task)
        client = Wire(reader, writer)
        try:
            await self._carry(client)
        except asyncio.CancelledError:
            pass  # by `refuse`; asyncio's own callback complains of a cancelled task
        except Exception as failure:  # noqa: BLE001 - told when the relay is left, for nobody else listens here
            self._failures.append(failure)
        finally:
            self._connections.discard(task)
            await client.close()

    async def _carry(self, client: Wire) -> None:
        try:
            store = Wire(*await asyncio.open_connection(self._origin.host, self._origin.port))
        except OSError:
            return
        try:
            connection = RelayConnection(client, store, self._origin.bucket, self._script, self._exchanges.append)
            await connection.run()
        finally:
            await store.close()


__all__ = ["Barrier", "Exchange", "Fault", "Relay"]
