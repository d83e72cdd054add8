"""Playbooks of what is stale: revalidated, served meanwhile or when the bucket fails, purged, of an earlier run."""

from dataclasses import replace

import pytest
from support.scripted_origin import Barrier, Step, whole
from unit.cache.node import LIMITS, TTL, Node, Reply, Worker, clients, running_node

from sidecar.cache.answer import Refusal, Want
from sidecar.cache.ports import Validators
from sidecar.cache.purge import PurgeRule, Scope
from sidecar.errors import (
    OriginError,
    OriginForbidden,
    OriginNotAsked,
    OriginTimeout,
    OriginUnavailable,
)
from sidecar.http.cache_control import CacheControl
from sidecar.shared import Shared

BODY = b"0123456789"
ETAG = {"etag": '"a"'}
HIT = Reply(200, BODY, "hit; ttl=60")
ONLY_IF_CACHED = Want(CacheControl.parse("only-if-cached"))
DOWN: tuple[Step, ...] = (OriginUnavailable("503"),)


@pytest.fixture
def lenient(node: Node) -> Worker:
    """Start a worker that may serve what is stale: 30 seconds while it is revalidated, 600 when the bucket fails."""
    node.limits = replace(LIMITS, stale_while_revalidate=30, stale_if_error=600)
    return node.worker()


# Revalidation.


@pytest.mark.parametrize(
    ("headers", "known"),
    [
        ({"etag": '"a"'}, Validators('"a"', None)),
        ({"etag": 'W/"a"'}, Validators('W/"a"', None)),
        (
            {"last-modified": "Sun, 06 Nov 1994 08:49:37 GMT"},
            Validators(None, "Sun, 06 Nov 1994 08:49:37 GMT"),
        ),
    ],
    ids=["rfc9110-8.8.3-etag", "rfc9110-8.8.1-weak-etag", "rfc9110-8.8.2-last-modified"],
)
async def test_a_304_moves_no_body(node: Node, worker: Worker, headers: dict[str, str], known: Validators) -> None:
    """What is stale is fresh again for all workers, and the bucket has sent its body once."""
    node.origin.put("key", BODY, headers)
    sibling = node.worker()
    await worker.get_and_store("key")
    node.clock.advance(TTL)
    assert await worker.get_and_store("key") == Reply(200, BODY, "fwd=stale; fwd-status=304")
    assert [await each.get("key") for each in (worker, sibling, node.worker())] == [HIT] * 3
    assert (node.origin.conditions, node.origin.sent_bytes) == ([None, known], 10)


async def test_an_object_that_has_changed_is_replaced(node: Node, worker: Worker) -> None:
    """The answer to the conditional request is the new one."""
    node.origin.script("key", whole(BODY, ETAG), whole(b"new", {"etag": '"b"'}))
    await worker.get_and_store("key")
    node.clock.advance(TTL)
    assert await worker.get_and_store("key") == Reply(200, b"new", "fwd=stale; fwd-status=200; stored")
    assert len(node.stored_files()) == 1


# RFC 5861 3: stale-while-revalidate.


async def test_a_stale_response_serves_while_it_is_revalidated(node: Node, lenient: Worker) -> None:
    """At once, to everybody; the bucket is asked once behind their backs."""
    barrier = Barrier()
    node.origin.script("key", whole(BODY), (barrier, *whole(b"new")))
    await lenient.get_and_store("key")
    node.clock.advance(TTL + 29)
    replies = [await lenient.get("key") for _ in range(3)]
    assert replies == [Reply(200, BODY, "hit; ttl=-29")] * 3
    barrier.release()
    await lenient.tasks.ended()
    assert await lenient.get("key") == Reply(200, b"new", "hit; ttl=60")
    assert node.origin.calls == ["key", "key"]


async def test_a_response_that_is_too_stale_is_waited_for(node: Node, lenient: Worker) -> None:
    """The span is over."""
    node.origin.script("key", whole(BODY), whole(b"new"))
    await lenient.get_and_store("key")
    node.clock.advance(TTL + 30)
    assert await lenient.get("key") == Reply(200, b"new", "fwd=stale; fwd-status=200; stored")


async def test_a_revalidation_that_fails_is_told_to_nobody(node: Node, lenient: Worker) -> None:
    """The stale response serves on."""
    node.origin.script("key", whole(BODY), DOWN)
    await lenient.get_and_store("key")
    node.clock.advance(TTL)
    for _ in range(3):
        assert (await lenient.get_and_store("key")).body == BODY


# RFC 5861 4: stale-if-error.


@pytest.mark.parametrize("error", [OriginUnavailable("503"), OriginTimeout("slow")], ids=repr)
async def test_a_stale_response_serves_when_the_bucket_fails(node: Node, lenient: Worker, error: OriginError) -> None:
    """And says why; afterwards the failure is what is told."""
    node.origin.script("key", whole(BODY), (error,))
    await lenient.get_and_store("key")
    node.clock.advance(TTL + 599)
    assert await lenient.get("key") == Reply(200, BODY, "fwd=stale; ttl=-599; detail=stale-if-error")
    node.clock.advance(1)
    refusal = await lenient.engine.answer("key")
    assert isinstance(refusal, Refusal)
    assert refusal.error is error


async def test_everybody_who_waits_gets_the_stale_response(node: Node, lenient: Worker) -> None:
    """The bucket fails once for all of them, in all workers."""
    barrier = Barrier()
    node.origin.script("key", whole(BODY), (barrier, *DOWN))
    await lenient.get_and_store("key")
    sibling = node.worker()
    node.clock.advance(TTL + 30)
    async with clients(*(each.get("key") for each in (lenient, sibling) for _ in range(3))) as asking:
        await barrier.reached()
        barrier.release()
    assert {client.result().body for client in asking} == {BODY}


@pytest.mark.parametrize("directive", ["must-revalidate", "proxy-revalidate", "s-maxage=60", "no-cache"])
async def test_what_must_be_revalidated_never_serves_stale(node: Node, lenient: Worker, directive: str) -> None:
    """Whatever the operator allows (RFC 9111 4.2.4)."""
    node.origin.script("key", whole(BODY, {"cache-control": directive}), DOWN)
    await lenient.get_and_store("key")
    node.clock.advance(TTL)
    assert isinstance(await lenient.engine.answer("key"), Refusal)


# A restart.


async def test_an_earlier_run_is_revalidated(node: Node, worker: Worker) -> None:
    """What lies on the disk is not used unasked, and costs no transfer."""
    node.origin.put("key", BODY, ETAG)
    await worker.get_and_store("key")
    async with running_node(node.directory) as restarted:
        restarted.origin.put("key", BODY, ETAG)
        again = restarted.worker()
        assert await again.get_and_store("key") == Reply(200, BODY, "fwd=stale; fwd-status=304")
        assert await again.get("key") == HIT
        assert (restarted.origin.conditions, restarted.origin.sent_bytes) == ([Validators('"a"', None)], 0)


async def test_an_earlier_run_serves_when_the_bucket_fails(node: Node, lenient: Worker) -> None:
    """The disk outlives the process: an outage over a restart shows nobody an error."""
    node.origin.put("key", BODY)
    await lenient.get_and_store("key")
    async with running_node(node.directory) as restarted:
        restarted.limits = node.limits
        restarted.origin.script("key", DOWN)
        reply = await restarted.worker().get("key")
    assert reply == Reply(200, BODY, "fwd=stale; ttl=-1; detail=stale-if-error")


async def test_what_was_cleared_is_used_in_no_way(node: Node, lenient: Worker) -> None:
    """Not revalidated, and not served when the bucket fails."""
    node.origin.put("key", BODY, ETAG)
    await lenient.get_and_store("key")
    await lenient.engine.clear()
    node.origin.script("key", DOWN, whole(BODY, ETAG))
    assert isinstance(await lenient.engine.answer("key"), Refusal)
    assert (await lenient.get("key")).body == BODY
    assert node.origin.conditions == [None, None, None]


async def test_a_clear_ends_what_an_earlier_run_has_left(node: Node, worker: Worker) -> None:
    """It may not even be revalidated then."""
    node.origin.put("key", BODY, ETAG)
    await worker.get_and_store("key")
    node.shared = Shared()
    restarted = node.worker()
    await restarted.engine.clear()
    assert (await restarted.get_and_store("key")).body == BODY
    assert node.origin.conditions == [None, None]


# Purges.


@pytest.mark.parametrize(
    "rule",
    [PurgeRule(Scope.KEY, "key"), PurgeRule(Scope.PREFIX, "ke"), PurgeRule(Scope.TAG, "t")],
    ids=["key", "prefix", "tag"],
)
async def test_a_purge_is_seen_by_all_workers(node: Node, worker: Worker, rule: PurgeRule) -> None:
    """At their next request; the file is gone, and what it does not name is left."""
    node.origin.put("key", BODY, {"surrogate-key": "t", **ETAG})
    node.origin.put("other", BODY)
    sibling = node.worker()
    for each in (worker, sibling):
        await each.get_and_store("key")
        await each.get_and_store("other")
    assert await worker.engine.purge(rule) == 1
    assert node.stored_files() == [node.body_file("other").name]
    node.origin.put("key", b"new")
    assert (await sibling.get_and_store("key")).body == b"new"
    assert (await worker.get("key")).body == b"new"
    assert [await each.get("other") for each in (worker, sibling)] == [HIT, HIT]


@pytest.mark.parametrize("scope", [Scope.KEY, Scope.PREFIX])
async def test_a_purge_forgets_that_an_object_is_missing(node: Node, worker: Worker, scope: Scope) -> None:
    """A new object is there at once."""
    assert (await worker.get_and_store("key")).status == 404
    node.origin.put("key", BODY)
    await worker.engine.purge(PurgeRule(scope, "key"))
    assert (await worker.get("key")).body == BODY


async def test_a_soft_purge_revalidates(node: Node, worker: Worker) -> None:
    """It makes stale, and a 304 makes fresh again; no file is removed."""
    node.origin.put("key", BODY, ETAG)
    await worker.get_and_store("key")
    assert await worker.engine.purge(PurgeRule(Scope.KEY, "key", is_soft=True)) == 0
    assert await node.worker().get_and_store("key") == Reply(200, BODY, "fwd=stale; fwd-status=304")
    assert (await worker.get_and_store("key")).body == BODY
    assert node.origin.sent_bytes == 10


async def test_a_soft_purge_serves_while_it_revalidates(node: Node, lenient: Worker) -> None:
    """Nobody waits, and the hit does not say that it is fresh (RFC 9211 2.4)."""
    node.origin.script("key", whole(BODY), whole(b"new"))
    await lenient.get_and_store("key")
    await lenient.engine.purge(PurgeRule(Scope.PREFIX, "", is_soft=True))
    assert await lenient.get_and_store("key") == Reply(200, BODY, "hit; ttl=-1")
    assert await lenient.get("key") == Reply(200, b"new", "hit; ttl=60")


# What a request asks for.


async def test_only_if_cached_asks_no_bucket(node: Node, worker: Worker) -> None:
    """What is fresh serves, also from a sibling's disk; else it is refused (RFC 9111 5.2.1.7)."""
    node.origin.put("key", BODY)
    refusal = await worker.engine.answer("key", ONLY_IF_CACHED)
    assert isinstance(refusal, Refusal)
    assert isinstance(refusal.error, OriginNotAsked)
    assert refusal.status.render() == "s3-sidecar; fwd=request; detail=only-if-cached"
    assert node.origin.calls == []
    await worker.get_and_store("key")
    assert [await each.get("key", ONLY_IF_CACHED) for each in (worker, node.worker())] == [HIT, HIT]
    node.clock.advance(TTL)
    assert isinstance(await worker.engine.answer("key", ONLY_IF_CACHED), Refusal)
    assert node.origin.calls == ["key"]


async def test_what_may_not_be_stored_does_not_queue(node: Node, worker: Worker) -> None:
    """Once that is known, requests go to the bucket side by side."""
    barriers = [Barrier() for _ in range(3)]
    private = {"cache-control": "private"}
    node.origin.script("key", whole(BODY, private), *((barrier, *whole(BODY, private)) for barrier in barriers))
    await worker.get_and_store("key")
    async with clients(*(worker.get("key") for _ in barriers)) as asking:
        for barrier in barriers:
            await barrier.reached()
        for barrier in barriers:
            barrier.release()
    assert {client.result().said for client in asking} == {"fwd=bypass; fwd-status=200"}


async def test_what_has_become_storable_is_stored(node: Node, worker: Worker) -> None:
    """After the TTL, for which it is remembered that it was not."""
    node.origin.script("key", whole(BODY, {"cache-control": "no-store"}), whole(BODY))
    await worker.get_and_store("key")
    node.clock.advance(TTL)
    assert (await worker.get_and_store("key")).said == "fwd=stale; fwd-status=200; stored"
    assert await worker.get("key") == HIT


async def test_a_refusal_of_the_bucket_is_an_error_like_any(node: Node, lenient: Worker) -> None:
    """A key whose access was taken away serves stale for as long as the operator allows."""
    node.origin.script("key", whole(BODY), (OriginForbidden("AccessDenied"),))
    await lenient.get_and_store("key")
    node.clock.advance(TTL + 30)
    assert (await lenient.get("key")).said == "fwd=stale; ttl=-30; detail=stale-if-error"
