"""What is kept hot: objects that are hits for the second time, for as long as nothing happens to them."""

import asyncio
import gc
import shutil
import tracemalloc
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from support.sanic_request import a_request
from support.until import PATIENCE_SECONDS
from unit.cache.node import TTL, Node, Worker, running_node, settle
from unit.server.hot import NOW, a_head, a_hot_path, written
from unit.store.descriptors import open_below

from sidecar.cache.purge import PurgeRule, Scope
from sidecar.cache.release import Release, SharedRelease
from sidecar.origin.website import Website
from sidecar.server.exchange import Exchange
from sidecar.server.finish import Finish
from sidecar.server.hot_entry import JOINED_BYTES, OPEN_FILE_BYTES
from sidecar.server.hot_keeping import HotKeeping
from sidecar.server.hotpath import HotPath
from sidecar.server.site import Site
from sidecar.store.watch import Watch

LARGE = bytes(JOINED_BYTES) + b"the end"


@dataclass
class Desk:
    """A worker with a hot path, asked as a handler would ask it."""

    node: Node
    worker: Worker
    hot: HotPath
    watch: Watch
    keeping: HotKeeping
    folder: Release

    async def serve(self, target: str = "/a.css", **headers: str) -> None:
        """Answer a request, and let the answer be considered."""
        key = f"{self.folder.prefix}{target.removeprefix('/')}"
        exchange = Exchange(a_request(target, **headers))
        exchange.site = Site("", Website(), self.worker.engine, self.folder)
        exchange.resource, exchange.object_key = target, key
        answer = await self.worker.ask(key)
        try:
            await self.keeping.consider(exchange, answer)
        finally:
            await answer.body.close()
        await self.worker.tasks.ended()

    def is_hot(self, target: str = "/a.css", *fields: str) -> bool:
        """Whether a request is answered from memory now."""
        return self.hot.answer(a_head(target, *fields), self.node.clock.now()) is not None


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Desk]:
    """Make a worker with one object that was asked for once."""
    async with running_node(tmp_path / "cache") as node:
        node.directory.mkdir()
        node.origin.put("one/a.css", b"a { }", {"content-type": "text/css"})
        node.origin.put("two/a.css", b"a { b: c }", {"content-type": "text/css"})
        node.origin.put("one/large.bin", LARGE)
        worker, hot = node.worker(), a_hot_path()
        watch = Watch(node.directory, hot.drop)
        keeping = HotKeeping(hot, watch, Finish(("*",)), node.clock)
        release = Release(SharedRelease(), "one/")
        desk = Desk(node, worker, hot, watch, keeping, release)
        await desk.serve()
        yield desk
        hot.drop(None)
        watch.close()


@pytest.fixture
async def hot(desk: Desk) -> Desk:
    """Let the object be kept."""
    await desk.serve()
    await desk.serve()
    assert desk.is_hot()
    return desk


async def told(desk: Desk) -> None:
    """Wait until the object is not in memory any more; the kernel tells of files a moment later."""
    async with asyncio.timeout(PATIENCE_SECONDS):
        while desk.is_hot():
            await settle(1)


async def test_the_second_hit_is_kept(desk: Desk) -> None:
    """A miss is none, and the first hit is only remembered."""
    for _ in range(2):
        assert not desk.is_hot()
        await desk.serve()
    assert desk.is_hot()
    assert written(desk.hot.answer(a_head(), NOW)).endswith(b"\r\n\r\na { }")


async def test_an_answer_has_all_headers(hot: Desk) -> None:
    """Those of the object, of the operator's rules and of the cache."""
    head = written(hot.hot.answer(a_head(), NOW)).partition(b"\r\n\r\n")[0].decode()
    names = [line.partition(":")[0] for line in head.split("\r\n")[1:]]
    assert names == [
        *("content-type", "cache-control", "age", "expires", "date", "accept-ranges", "content-length"),
        *("access-control-allow-origin", "access-control-expose-headers", "cache-status", "connection"),
    ]


ENDS: dict[str, Callable[[Desk], Awaitable[object]]] = {
    "clear": lambda desk: desk.worker.engine.clear(),
    "clear-by-a-sibling": lambda desk: desk.node.worker().engine.clear(),
    "purge": lambda desk: desk.worker.engine.purge(PurgeRule(Scope.KEY, "one/a.css")),
    "soft-purge-by-a-sibling": lambda desk: desk.node.worker().engine.purge(
        PurgeRule(Scope.PREFIX, "one/", is_soft=True)
    ),
    "forget": lambda desk: desk.worker.engine.forget("one/a.css"),
}


@pytest.mark.parametrize("end", ENDS.values(), ids=ENDS)
async def test_what_operators_end_is_not_sent_once_more(hot: Desk, end: Callable[[Desk], Awaitable[object]]) -> None:
    """Not one answer comes from memory after it; asked for again, it is kept again."""
    await end(hot)
    assert not hot.is_hot()
    for _ in range(3):
        await hot.serve()
    assert hot.is_hot()


async def test_another_release_is_another_object(hot: Desk) -> None:
    """The path names another key from the next request on, and the first again after a switch back."""
    hot.folder.switch("two")
    assert not hot.is_hot()
    for _ in range(3):
        await hot.serve()
    assert written(hot.hot.answer(a_head(), NOW)).endswith(b"a { b: c }")
    hot.folder.switch("one")
    assert not hot.is_hot()


async def test_freshness_ends_in_memory_too(hot: Desk) -> None:
    """To the very tick; one of the requests before it has taken the long way."""
    hot.node.clock.advance(TTL - 2**-10)
    assert [hot.is_hot(), hot.is_hot()] == [False, True]
    hot.node.clock.advance(2**-10)
    assert not hot.is_hot()


async def test_a_removed_body_is_not_sent(hot: Desk) -> None:
    """An operator may delete any file."""
    hot.node.body_file("one/a.css").unlink()
    await told(hot)
    assert not hot.is_hot()


async def test_a_directory_that_goes_and_comes_again(hot: Desk) -> None:
    """Nothing is kept without being watched; the new directory is watched as soon as it is needed."""
    shutil.rmtree(hot.node.directory)
    await told(hot)
    assert not hot.watch.is_open
    for _ in range(3):
        await hot.serve()
    assert hot.is_hot()
    hot.node.body_file("one/a.css").unlink()
    await told(hot)


async def test_a_body_that_a_sibling_has_fetched_anew(hot: Desk) -> None:
    """Its file takes the place of the old one, and that is told."""
    sibling = hot.node.worker()
    hot.node.clock.advance(TTL)
    hot.node.origin.put("one/a.css", b"a { c: d }", {"content-type": "text/css"})
    await sibling.get_and_store("one/a.css")
    hot.node.clock.advance(-TTL)  # only what is told counts here
    await told(hot)
    assert not hot.is_hot()


async def test_without_a_watch_nothing_is_kept(desk: Desk, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """The log says why, once a minute at most."""
    desk.keeping = HotKeeping(desk.hot, Watch(tmp_path / "none", desk.hot.drop), Finish(("*",)), desk.node.clock)
    for _ in range(5):
        await desk.serve()
    assert not desk.is_hot()
    assert [record.levelname for record in caplog.records if "cannot be watched" in record.message] == ["WARNING"]


async def test_a_large_body_stays_in_its_file(desk: Desk) -> None:
    """One more descriptor, which goes with the entry; and it counts."""
    before = open_below(desk.node.directory)
    for _ in range(3):
        await desk.serve("/large.bin")
    assert len(open_below(desk.node.directory)) == len(before) + 1
    for head, expected in ((a_head("/large.bin", "range: bytes=-4"), b" end"), (a_head("/large.bin"), LARGE)):
        answer = desk.hot.answer(head, NOW)
        assert answer is not None
        assert answer.span is not None
        assert await answer.span.body.reader.read(answer.span.offset, answer.span.size) == expected
        assert (answer.summary.body_bytes, written(answer).endswith(b"\r\n\r\n")) == (len(expected), True)
    desk.hot.drop(None)
    assert open_below(desk.node.directory) == before


@pytest.mark.parametrize(("length", "count"), [(100, 400), (3_000, 250), (30_000, 50)])
async def test_what_is_counted_is_what_it_takes(desk: Desk, length: int, count: int) -> None:
    """Within a tenth, for objects that were sent and that clients had already; as many are kept as fit."""
    limit = 2**21
    desk.hot = a_hot_path(limit)
    desk.keeping = HotKeeping(desk.hot, desk.watch, Finish(("*",)), desk.node.clock)
    fields = {"content-type": "text/css", "last-modified": "Sun, 06 Nov 1994 08:49:37 GMT"}
    for number in range(count):
        desk.node.origin.put(f"one/{number}.css", bytes(length), fields | {"etag": f'"{number:032x}"'})
        for _ in range(2):
            await desk.serve(f"/{number}.css")
    gc.collect()
    tracemalloc.start()
    try:
        for number in range(count):
            await desk.serve(f"/{number}.css")
        hot = [number for number in range(count) if desk.is_hot(f"/{number}.css")]
        assert all(desk.is_hot(f"/{number}.css", f'if-none-match: "{number:032x}"') for number in hot)
        gc.collect()
        taken = tracemalloc.get_traced_memory()[0]
    finally:
        tracemalloc.stop()
        desk.hot.drop(None)
    assert 0 < len(hot) < count
    assert 0.9 * limit < taken < 1.1 * limit


async def test_how_many_files_are_open_is_bounded(desk: Desk) -> None:
    """However many large objects there are."""
    hot = a_hot_path(3 * OPEN_FILE_BYTES)
    desk.keeping = HotKeeping(hot, desk.watch, Finish(("*",)), desk.node.clock)
    for number in range(6):
        desk.node.origin.put(f"one/{number}", LARGE)
        for _ in range(3):
            await desk.serve(f"/{number}")
    assert len(open_below(desk.node.directory)) == 2
    hot.drop(None)
