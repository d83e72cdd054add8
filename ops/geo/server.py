"""Locations of mmdb-ws, over one WebSocket: many questions in flight, answered in their order."""

import asyncio
import logging
import time
from collections import deque
from collections.abc import Callable, Iterable

import aiohttp
from tenacity import AsyncRetrying, retry_if_exception_type, wait_random_exponential

from ops.geo.address import public_address
from ops.geo.location import Location
from ops.geo.memory import Memory
from ops.geo.reply import query_of, read_reply
from ops.outage import Outage
from sidecar.tasks import Tasks

logger = logging.getLogger(__name__)

ANSWER_SECONDS = 1.0
"""An answer that takes longer comes too late for its record, and the next ones with it: the connection is given up."""

_MOST_ASKED = 4096
"""Questions that wait or are in flight; more are not asked, and their records go without."""

_CONNECT_SECONDS = 5.0
_CLOSE_SECONDS = 0.2
_LONGEST_REPLY_BYTES = 64 * 1024
_FIRST_WAIT_SECONDS = 0.25
_LONGEST_WAIT_SECONDS = 30.0
_LOOK_SECONDS = 0.1


class _NoAnswersError(Exception):
    """Nothing came of a connection; says why."""


class MmdbServer:
    """Asks mmdb-ws at `url`, and remembers what it says; `count` is told what becomes of each question."""

    looks_ahead = True

    def __init__(self, url: str, count: Callable[[str], None]) -> None:
        self._url = url
        self._count = count
        self._memory = Memory()
        self._wanted: deque[str] = deque()
        self._asked: deque[tuple[str, float]] = deque()
        self._pending: set[str] = set()
        self._is_wanted = asyncio.Event()
        self._is_connected = False
        self._outage = Outage(f"mmdb-ws at {url}", "records go without location", logger)
        self._tasks = Tasks()

    def expect(self, addresses: Iterable[str]) -> None:
        """Ask about those of them of which nothing is known; nothing happens while the server does not answer."""
        now = time.monotonic()
        for text in addresses:
            address = public_address(text)
            if address is None or address in self._pending or self._memory.holds(address, now):
                continue
            is_down = self._outage.is_on and not self._is_connected
            if is_down or len(self._pending) >= _MOST_ASKED:
                self._count("skipped")
                continue
            self._pending.add(address)
            self._wanted.append(address)
            self._is_wanted.set()

    def find(self, address: str) -> Location | None:
        """What it has said so far."""
        public = public_address(address)
        return None if public is None else self._memory.find(public, time.monotonic())

    async def run(self) -> None:
        """Connect when there is something to ask, and again when a connection is lost."""
        retrying = AsyncRetrying(
            retry=retry_if_exception_type(_NoAnswersError),
            wait=wait_random_exponential(multiplier=_FIRST_WAIT_SECONDS, max=_LONGEST_WAIT_SECONDS),
            before_sleep=self._outage.begin_after,
        )
        try:
            async with aiohttp.ClientSession() as session:
                while True:
                    await self._is_wanted.wait()
                    await retrying(self._converse, session)
        finally:
            await self._tasks.cancel_all()

    async def close(self) -> None:
        """The connection goes with `run`."""

    async def _converse(self, session: aiohttp.ClientSession) -> None:
        """Ask and listen until the connection ends. Raises _NoAnswersError when it has failed before any answer."""
        answers, why = 0, ""
        try:
            async with asyncio.timeout(_CONNECT_SECONDS):
                connection = await self._connect(session)
            self._is_connected = True
            asking = self._tasks.spawn(self._ask(connection), name="ask mmdb-ws")
            try:
                while (message := await connection.receive()).type is aiohttp.WSMsgType.TEXT:
                    self._take(message.data)
                    answers += 1
            finally:
                asking.cancel()
                await connection.close()
            why = "it gives no answer" if self._asked else ""
        except (aiohttp.ClientError, OSError, TimeoutError, ValueError) as error:
            why = str(error) or type(error).__name__
        self._is_connected = False
        self._give_up()
        if why and not answers:
            raise _NoAnswersError(why)

    async def _connect(self, session: aiohttp.ClientSession) -> aiohttp.ClientWebSocketResponse:
        timeout = aiohttp.ClientWSTimeout(ws_close=_CLOSE_SECONDS)
        return await session.ws_connect(self._url, max_msg_size=_LONGEST_REPLY_BYTES, timeout=timeout)

    async def _ask(self, connection: aiohttp.ClientWebSocketResponse) -> None:
        """Send what is wanted; close the connection when an answer is overdue."""
        while not self._is_overdue():
            self._is_wanted.clear()
            while self._wanted:
                address = self._wanted.popleft()
                self._asked.append((address, time.monotonic()))
                await connection.send_str(query_of(address))
            try:
                async with asyncio.timeout(_LOOK_SECONDS if self._asked else None):
                    await self._is_wanted.wait()
            except TimeoutError:
                continue
        await connection.close()

    def _is_overdue(self) -> bool:
        return bool(self._asked) and time.monotonic() - self._asked[0][1] > ANSWER_SECONDS

    def _take(self, reply: object) -> None:
        """Remember an answer. Raises ValueError for what is none."""
        if not self._asked:
            raise ValueError("it answers what was not asked")
        address = self._asked[0][0]
        location = read_reply(address, reply)
        self._outage.end()
        self._asked.popleft()
        self._pending.discard(address)
        self._memory.put(address, location, time.monotonic())
        self._count("unknown" if location is None else "found")

    def _give_up(self) -> None:
        """Forget what was asked: nobody waits for it any longer."""
        for _ in self._pending:
            self._count("failed")
        for forgotten in (self._asked, self._wanted, self._pending):
            forgotten.clear()
        self._is_wanted.clear()
