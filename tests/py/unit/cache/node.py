"""One machine with a bucket before it: workers that share a cache directory and an epoch, and their clients."""

import asyncio
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from support.manual_clock import ManualClock
from support.scripted_origin import ScriptedOrigin
from support.until import PATIENCE_SECONDS
from unit.store.descriptors import open_below
from unit.store.gate import Gate, gated

from sidecar.cache.answer import EVERYTHING, Answer, Refusal, Want
from sidecar.cache.engine import Engine, Place
from sidecar.cache.epoch import Epoch
from sidecar.cache.eviction import Bounds
from sidecar.cache.freshness import Limits
from sidecar.cache.key import CacheKey
from sidecar.cache.negotiation import CodingRules
from sidecar.cache.ports import Turn
from sidecar.cache.purge import PurgeJournal
from sidecar.cache.tools import Tools, disk_log
from sidecar.shared import Shared
from sidecar.store.bodies import FileBodies
from sidecar.store.coders import Coders
from sidecar.store.ledger import Ledger
from sidecar.store.metadata import Metadata
from sidecar.store.part import FilePart
from sidecar.store.paths import body_name
from sidecar.store.room import Room
from sidecar.tasks import Tasks

T = TypeVar("T")

NOW = 1_780_000_000.0
TTL = 60.0
MANY = 100_000
LIMITS = Limits(ttl=TTL, negative_ttl=TTL, stale_while_revalidate=0, stale_if_error=0)
WIDE = Bounds(max_bytes=2**62, max_files=2**31)
PLACE = Place("https://store.example", "site")


@dataclass(frozen=True, slots=True)
class Reply:
    """What a client has in hand at the end; `said` is the Cache-Status member without the cache's name."""

    status: int
    body: bytes
    said: str


class WatchedTasks(Tasks):
    """Background tasks whose end can be waited for."""

    def __init__(self) -> None:
        super().__init__()
        self._watched: set[asyncio.Task[None]] = set()

    def spawn(self, work: Coroutine[Any, Any, None], *, name: str) -> asyncio.Task[None]:
        """Run it, and remember it for `ended`."""
        task = super().spawn(work, name=name)
        self._watched.add(task)
        task.add_done_callback(self._watched.discard)
        return task

    async def ended(self) -> None:
        """Wait for all that run now. Raises TimeoutError."""
        async with asyncio.timeout(PATIENCE_SECONDS):
            await asyncio.gather(*self._watched, return_exceptions=True)


class WatchedBodies(FileBodies):
    """Bodies of which can be told when a fill has its place: it leads or follows from then on."""

    def __init__(self, directory: Path, room: Room, clock: ManualClock) -> None:
        super().__init__(directory, room, clock)
        self._claims = 0
        self._was_claimed = asyncio.Event()

    async def claim(self, key: CacheKey, turn: Turn) -> tuple[FilePart, bool]:
        """Claim, and count it."""
        claimed = await super().claim(key, turn)
        self._claims += 1
        self._was_claimed.set()
        return claimed

    async def claimed(self, times: int) -> None:
        """Wait until so many fills have had their place. Raises TimeoutError."""
        async with asyncio.timeout(PATIENCE_SECONDS):
            while self._claims < times:
                self._was_claimed.clear()
                await self._was_claimed.wait()


class WatchedCoders(Coders):
    """Codings, and how often each was applied or undone."""

    def __init__(self) -> None:
        super().__init__()
        self.work: list[str] = []

    async def encode(self, coding: str, body: bytes) -> bytes:
        """Encode, and count it."""
        self.work.append(coding)
        return await super().encode(coding, body)

    async def decode(self, coding: str, body: bytes, most: int) -> bytes | None:
        """Decode, and count it."""
        self.work.append(f"un-{coding}")
        return await super().decode(coding, body, most)


class Worker:
    """One worker process's cache."""

    def __init__(self, node: "Node", metadata: Metadata, slot: int) -> None:
        self.tasks = WatchedTasks()
        self.metadata = metadata
        self.coders = WatchedCoders()
        self.room = Room(node.directory, node.bounds, Ledger(node.shared.counts, slot))
        self.bodies = WatchedBodies(gated(node.directory, node.gate), self.room, node.clock)
        self.epoch = Epoch(node.shared.epoch)
        self.purges = PurgeJournal(node.shared.purges)
        self.tools = Tools(
            origin=node.origin,
            metadata=self.metadata,
            bodies=self.bodies,
            epoch=self.epoch,
            purges=self.purges,
            clock=node.clock,
            limits=node.limits,
            coding=node.coding,
            coders=self.coders,
            disk_log=disk_log(node.clock),
        )
        self.engine = Engine(PLACE, self.tools, self.tasks)

    async def ask(self, object_key: str, want: Want = EVERYTHING) -> Answer:
        """The answer with its body still to be read; raises what the engine refuses with."""
        async with asyncio.timeout(PATIENCE_SECONDS):
            answer = await self.engine.answer(object_key, want)
        if isinstance(answer, Refusal):
            raise answer.error
        return answer

    async def get(self, object_key: str, want: Want = EVERYTHING) -> Reply:
        """Ask, and read everything."""
        answer = await self.ask(object_key, want)
        return await read(answer)

    async def get_and_store(self, object_key: str, want: Want = EVERYTHING) -> Reply:
        """Ask, read everything, and wait until the fill has done its last bit."""
        reply = await self.get(object_key, want)
        await self.tasks.ended()
        return reply

    async def close(self) -> None:
        """End, as a worker does."""
        async with asyncio.timeout(PATIENCE_SECONDS):
            await self.tasks.cancel_all()
        self.coders.close()
        self.bodies.close()


class Node:
    """The machine."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.gate = Gate()
        self.clock = ManualClock(NOW)
        self.origin = ScriptedOrigin()
        self.shared = Shared()
        self.limits = LIMITS
        self.coding = CodingRules()
        self.bounds = WIDE
        self._workers: list[Worker] = []

    def worker(self, metadata: Metadata | None = None) -> Worker:
        """Start another worker."""
        worker = Worker(self, metadata or Metadata(MANY), len(self._workers) + 1)
        self._workers.append(worker)
        return worker

    @asynccontextmanager
    async def busy_disk(self, worker: Worker) -> AsyncIterator[None]:
        """Let the worker's disk stand still; whatever is asked of it waits until the block has ended."""
        others = (CacheKey("busy", "busy", str(number)) for number in range(64))
        self.gate.shut()
        async with clients(*(worker.bodies.find(key) for key in others)):
            try:
                yield
            finally:
                self.gate.open()

    def body_file(self, object_key: str) -> Path:
        """Where the object's body is stored."""
        return self.directory / body_name(CacheKey(PLACE.store, PLACE.bucket, object_key))

    def stored_files(self) -> list[str]:
        """The names of all files in the cache directory."""
        return sorted(path.name for path in self.directory.iterdir()) if self.directory.is_dir() else []

    def unfinished_files(self) -> list[str]:
        """The names of those that are being written."""
        return [name for name in self.stored_files() if name.endswith(".part")]

    def leftovers(self) -> list[str]:
        """Everything that is held although nobody asks for anything."""
        responses = [f"{self.origin.open_responses} open responses"] if self.origin.open_responses else []
        tasks = [f"{len(worker.tasks)} running tasks" for worker in self._workers if len(worker.tasks)]
        return [*responses, *tasks, *self.unfinished_files(), *open_below(self.directory)]

    async def close(self) -> None:
        """End all workers."""
        for worker in self._workers:
            await worker.close()


@asynccontextmanager
async def running_node(directory: Path) -> AsyncIterator[Node]:
    """A node that must leave nothing behind."""
    node = Node(directory)
    try:
        yield node
    finally:
        await node.close()
    await settle()
    assert node.leftovers() == []


@asynccontextmanager
async def clients(*asking: Coroutine[Any, Any, T]) -> AsyncIterator[list[asyncio.Task[T]]]:
    """Clients that have asked, in this order; those still there at the end of the block are waited for."""
    async with asyncio.timeout(2 * PATIENCE_SECONDS), asyncio.TaskGroup() as group:
        tasks = [group.create_task(each) for each in asking]
        await settle()
        yield tasks


async def read(answer: Answer) -> Reply:
    """Read an answer to its end and close it."""
    try:
        async with asyncio.timeout(PATIENCE_SECONDS):
            body = b"".join([chunk async for chunk in answer.body.chunks(0, answer.stored.content_length)])
    finally:
        await answer.body.close()
    return Reply(answer.stored.origin_status, body, answer.status.render().removeprefix("s3-sidecar; "))


async def settle(turns: int = 20) -> None:
    """Let the event loop take so many turns: what waits for no thread and no barrier is done then."""
    loop = asyncio.get_running_loop()
    for _ in range(turns):
        turned = asyncio.Event()
        loop.call_soon(turned.set)
        await turned.wait()
