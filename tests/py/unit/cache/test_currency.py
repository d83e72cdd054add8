"""What was once taken out of the cache is still what it would give, or it is not: asked for every answer."""

from dataclasses import replace

import pytest
from unit.cache.node import Node, Worker

from sidecar.cache.currency import Currency
from sidecar.cache.purge import PurgeRule, Scope
from sidecar.store.metadata import Metadata

KEY = "css/a.css"

PURGES = {
    "key": (PurgeRule(Scope.KEY, KEY), False),
    "softly": (PurgeRule(Scope.KEY, KEY, is_soft=True), False),
    "prefix": (PurgeRule(Scope.PREFIX, "css/"), False),
    "prefix-softly": (PurgeRule(Scope.PREFIX, "css/", is_soft=True), False),
    "everything": (PurgeRule(Scope.PREFIX, ""), False),
    "tag": (PurgeRule(Scope.TAG, "styles"), False),
    "another-key": (PurgeRule(Scope.KEY, "css/b.css"), True),
    "another-prefix": (PurgeRule(Scope.PREFIX, "js/"), True),
    "another-tag": (PurgeRule(Scope.TAG, "scripts"), True),
}


@pytest.fixture
async def current(node: Node, worker: Worker) -> Currency:
    """Store an object, and watch over it."""
    node.origin.put(KEY, b"a{}", {"x-amz-meta-surrogate-key": "styles"})
    await worker.get_and_store(KEY)
    found = worker.engine.currency(KEY)
    assert found is not None
    assert found.holds()
    return found


async def test_of_what_is_not_stored_there_is_none(worker: Worker) -> None:
    """Nothing is watched over."""
    assert worker.engine.currency(KEY) is None


async def test_of_what_is_missing_there_is_none(node: Node, worker: Worker) -> None:
    """A 404 is no object."""
    await worker.get_and_store("none")
    assert worker.engine.currency("none") is None


async def test_its_age_is_not_looked_at(node: Node, current: Currency) -> None:
    """Whoever holds it knows until when it is fresh."""
    node.clock.advance(10**6)
    assert current.holds()


async def test_what_is_replaced_does_not_hold(worker: Worker, current: Currency) -> None:
    """By anything, were it the same once more."""
    await worker.metadata.put(current.key, replace(current.stored))
    assert not current.holds()


async def test_what_is_forgotten_does_not_hold(worker: Worker, current: Currency) -> None:
    """As when metadata leave for room."""
    await worker.metadata.remove(current.key)
    assert not current.holds()


@pytest.mark.parametrize("is_here", [True, False])
async def test_a_clear_ends_it(node: Node, worker: Worker, current: Currency, *, is_here: bool) -> None:
    """In whichever worker, at once."""
    clearing = worker if is_here else node.worker()
    await clearing.engine.clear()
    assert not current.holds()
    await clearing.tasks.ended()


@pytest.mark.parametrize(("rule", "holds"), PURGES.values(), ids=PURGES)
@pytest.mark.parametrize("is_here", [True, False])
async def test_a_purge_ends_it(
    node: Node, worker: Worker, current: Currency, rule: PurgeRule, *, holds: bool, is_here: bool
) -> None:
    """If it names the object, in whichever worker, hard or soft: what is stale is not sent from memory."""
    await (worker if is_here else node.worker()).engine.purge(rule)
    assert current.holds() is holds


async def test_what_is_fetched_anew_is_another(node: Node, worker: Worker, current: Currency) -> None:
    """The older one stays out, though the key is the same."""
    await worker.engine.forget(KEY)
    await worker.get_and_store(KEY)
    newer = worker.engine.currency(KEY)
    assert newer is not None
    assert (current.holds(), newer.holds()) == (False, True)


async def test_a_look_counts_as_a_use(node: Node, worker: Worker, current: Currency) -> None:
    """What is sent from memory again and again is not the first that the metadata's bound drives out."""
    small = node.worker(Metadata(2))
    node.origin.put("b", b"b")
    node.origin.put("c", b"c")
    await small.get_and_store(KEY)
    await small.get_and_store("b")
    found = small.engine.currency(KEY)
    assert found is not None
    assert found.holds()
    await small.get_and_store("c")
    assert found.holds()
    assert small.engine.currency("b") is None
