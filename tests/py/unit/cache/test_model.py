"""Random histories of a machine with two workers, against a model of what a client may be given."""

import os
import shutil
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeAlias

from hypothesis import given, settings
from hypothesis import strategies as st
from unit.cache.node import TTL, Node, Worker, running_node

KEYS = ("a", "b")


@dataclass(frozen=True, slots=True)
class Fetched:
    """What the bucket once said of a key: a body, or None for a missing object."""

    body: bytes | None
    at: float
    clears: int


@dataclass(slots=True)
class History:
    """A machine, and all that the bucket has said."""

    node: Node
    workers: list[Worker]
    bucket: dict[str, bytes] = field(default_factory=dict)
    fetched: dict[str, list[Fetched]] = field(default_factory=lambda: {key: [] for key in KEYS})
    clears: int = 0

    async def get(self, worker: int, key: str) -> None:
        """Ask, and check that nothing but a fresh answer of this epoch is given, and that it is asked for once."""
        asked = len(self.node.origin.calls)
        reply = await self.workers[worker].get_and_store(key)
        calls = self.node.origin.calls[asked:]
        assert calls in ([], [key])
        if calls:
            self.fetched[key].append(Fetched(self.bucket.get(key), self.node.clock.now(), self.clears))
        body = reply.body if reply.status == 200 else None
        assert body in {known.body for known in self.fetched[key] if self._is_usable(known)}

    async def put(self, key: str, size: int) -> None:
        """Store another object in the bucket; no two are the same."""
        self.bucket[key] = f"{key} {len(self.bucket)} {self.node.clock.now()} {size}".encode().ljust(size)
        self.node.origin.put(key, self.bucket[key])
        self.node.clock.advance(0.001)

    async def remove(self, key: str) -> None:
        """Remove the object from the bucket."""
        self.bucket.pop(key, None)
        self.node.origin.remove(key)

    async def advance(self, seconds: float) -> None:
        """Let time pass."""
        self.node.clock.advance(seconds)

    async def clear(self, worker: int) -> None:
        """Clear the cache."""
        self.clears += 1
        await self.workers[worker].engine.clear()

    async def forget(self, worker: int) -> None:
        """Lose the metadata in one worker's memory."""
        await self.workers[worker].metadata.clear()

    async def damage(self, key: str, how: Callable[[Path], object]) -> None:
        """Do something to the stored body's file, if there is one."""
        if self.node.body_file(key).exists():
            how(self.node.body_file(key))

    async def swap(self) -> None:
        """Give each body file the other's name."""
        one, other = (self.node.body_file(key) for key in KEYS)
        if one.exists() and other.exists():
            one.rename(aside := self.node.directory / "aside")
            other.rename(one)
            aside.rename(other)

    async def remove_directory(self) -> None:
        """Remove all files at once."""
        shutil.rmtree(self.node.directory, ignore_errors=True)

    def _is_usable(self, known: Fetched) -> bool:
        return known.clears == self.clears and self.node.clock.now() - known.at < TTL


Step: TypeAlias = tuple[str, tuple[object, ...]]

DAMAGES: tuple[Callable[[Path], object], ...] = (
    Path.unlink,
    lambda path: os.truncate(path, path.stat().st_size - 1),
    lambda path: os.truncate(path, path.stat().st_size + 1),
    lambda path: os.truncate(path, 0),
    lambda path: path.write_bytes(b"X" + path.read_bytes()[1:]),
)

_keys = st.sampled_from(KEYS)
_workers = st.integers(0, 1)


def step(name: str, *arguments: st.SearchStrategy[object]) -> st.SearchStrategy[Step]:
    """A call of one of `History`'s methods."""
    return st.tuples(st.just(name), st.tuples(*arguments))


_gets = step("get", _workers, _keys)
_steps = st.one_of(
    _gets,
    _gets,
    _gets,
    step("put", _keys, st.integers(0, 300)),
    step("remove", _keys),
    step("advance", st.sampled_from([1, 30, 59, 60, 61, -30])),
    step("clear", _workers),
    step("forget", _workers),
    step("damage", _keys, st.sampled_from(DAMAGES)),
    step("swap"),
    step("remove_directory"),
)


@settings(max_examples=150, deadline=None)
@given(st.lists(_steps, min_size=5, max_size=40))
async def test_no_history_gives_a_wrong_answer(steps: list[Step]) -> None:
    """Whatever happens to the bucket, the clock, the files and the memory."""
    with tempfile.TemporaryDirectory() as directory:
        async with running_node(Path(directory) / "cache") as node:
            history = History(node, [node.worker(), node.worker()])
            for name, arguments in steps:
                await getattr(history, name)(*arguments)
