"""What operators are told of a key: what a request would do, without doing it."""

from dataclasses import replace

from unit.cache.node import LIMITS, PLACE, TTL, Node, Worker

from sidecar.cache.explain import Explanation, explain
from sidecar.cache.key import CacheKey
from sidecar.cache.policy import Standing
from sidecar.cache.purge import PurgeRule, Scope

KEY = CacheKey(PLACE.store, PLACE.bucket, "a")


async def explained(worker: Worker) -> Explanation:
    """What a worker says of the one key."""
    return await explain(KEY, worker.tools)


async def test_from_nothing_to_purged(node: Node) -> None:
    """Unknown; fresh, for a sibling too, from disk; stale, with a fallback; softly purged; purged."""
    node.limits = replace(LIMITS, stale_while_revalidate=0, stale_if_error=600)
    node.origin.put("a", b"0123456789", {"etag": '"a"'})
    worker, sibling = node.worker(), node.worker()
    assert (await explained(worker)).words == "the bucket is asked: nothing is stored"
    await worker.get_and_store("a")
    for each, is_in_memory in ((worker, True), (sibling, False)):
        found = await explained(each)
        assert (found.is_in_memory, found.is_on_disk, found.standing) == (is_in_memory, True, Standing.CURRENT)
        assert found.words == f"a hit: it is fresh for another {TTL:.0f} s"
    node.clock.advance(TTL + 5)
    assert (await explained(worker)).words == (
        "the bucket is asked: what is stored is stale since 5 s; if it fails, this is served"
    )
    await worker.engine.purge(PurgeRule(Scope.KEY, "a", is_soft=True))
    assert "softly purged" in (await explained(sibling)).words
    await worker.engine.purge(PurgeRule(Scope.PREFIX, ""))
    assert "was cleared or purged" in (await explained(worker)).words
    assert node.origin.calls == ["a"]


async def test_a_remembered_404(node: Node, worker: Worker) -> None:
    """That there is nothing is told as such."""
    await worker.get_and_store("a")
    assert (await explained(worker)).words.startswith("a remembered 404")


async def test_what_a_sibling_has_stored_since(node: Node) -> None:
    """A worker that remembers only what was purged tells of what lies on disk, as a request would find it."""
    node.origin.put("a", b"0123456789", {"etag": '"a"'})
    worker, sibling = node.worker(), node.worker()
    await worker.get_and_store("a")
    await sibling.engine.purge(PurgeRule(Scope.KEY, "a"))
    assert (await explained(worker)).standing is Standing.GONE
    await sibling.get_and_store("a")
    assert (await explained(worker)).standing is Standing.CURRENT
