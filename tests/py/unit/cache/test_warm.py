"""Objects can be fetched before anybody asks for them."""

import os
from collections.abc import AsyncIterator

from support.scripted_origin import Barrier, head
from unit.cache.node import Node, Worker, clients

from sidecar.cache.warm import WarmProgress, warm
from sidecar.errors import OriginUnavailable

BODY = os.urandom(1000)
KEYS = [f"docs/{number:02}" for number in range(20)]


def fill_bucket(node: Node) -> None:
    """Put the objects."""
    for key in KEYS:
        node.origin.put(key, BODY)


async def test_a_folder_is_fetched(node: Node, worker: Worker) -> None:
    """Every key of a listing is stored when it returns, and is a hit for whoever asks then."""
    fill_bucket(node)
    progress = await warm(worker.engine, node.origin.keys("docs/"), lambda _: None)
    assert (progress.fetched, progress.done) == (len(KEYS), len(KEYS))
    assert {(await worker.get(key)).said for key in KEYS} == {"hit; ttl=60"}
    assert sorted(node.origin.calls) == KEYS


async def test_what_is_stored_is_not_fetched_again(node: Node, worker: Worker) -> None:
    """A second time nothing is asked of the bucket."""
    fill_bucket(node)
    await warm(worker.engine, node.origin.keys("docs/"), lambda _: None)
    progress = await warm(worker.engine, node.origin.keys("docs/"), lambda _: None)
    assert (progress.hits, progress.done) == (len(KEYS), len(KEYS))
    assert len(node.origin.calls) == len(KEYS)


async def test_progress_is_reported(node: Node, worker: Worker) -> None:
    """Each object is told of, also one that is missing and one that fails."""
    node.origin.put("docs/a", BODY)
    node.origin.script("docs/b", (OriginUnavailable("503"),))
    node.origin.script("docs/c", (head(10), BODY[:9]))
    told: list[int] = []

    def report(progress: WarmProgress) -> None:
        told.append(progress.done)

    progress = await warm(worker.engine, _listing("docs/a", "docs/b", "docs/c", "docs/d"), report)
    assert (progress.fetched, progress.failed, progress.missing) == (1, 2, 1)
    assert sorted(failure.partition(":")[0] for failure in progress.failures) == ["docs/b", "docs/c"]
    assert told == [1, 2, 3, 4]


async def test_concurrency_is_bounded(node: Node, worker: Worker) -> None:
    """No more objects are under way at once than was said."""
    barrier = Barrier()
    for key in KEYS:
        node.origin.script(key, (barrier, head(len(BODY)), BODY))
    async with clients(warm(worker.engine, node.origin.keys("docs/"), lambda _: None, concurrency=3)):
        await barrier.reached()
        assert 1 <= len(node.origin.calls) <= 3
        barrier.release()


async def _listing(*object_keys: str) -> AsyncIterator[str]:
    for object_key in object_keys:
        yield object_key
