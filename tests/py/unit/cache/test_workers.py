"""Several workers of one node: one leads a fill, the others follow, and one goes on when the leader dies."""

import asyncio
import multiprocessing
import shutil
from concurrent.futures import ThreadPoolExecutor
from multiprocessing.connection import Connection
from pathlib import Path

import pytest
from support.scripted_origin import Barrier, Step, head, whole
from support.until import PATIENCE_SECONDS
from unit.cache.node import NOW, PLACE, TTL, Node, Reply, Worker, clients, read
from unit.cache.responses import a_response
from unit.store.directory import file_bodies

from sidecar.cache.key import CacheKey
from sidecar.cache.ports import Span, Turn
from sidecar.cache.purge import PurgeRule, Scope
from sidecar.errors import OriginError, OriginTimeout, OriginUnavailable

BODY = b"0123456789"
ETAG = {"etag": '"a"'}
KEY = CacheKey(PLACE.store, PLACE.bucket, "key")
COLLAPSED = "fwd=uri-miss; fwd-status=200; collapsed"


@pytest.fixture
def sibling(node: Node, worker: Worker) -> Worker:
    """Start a second worker."""
    return node.worker()


async def told(worker: Worker) -> bytes | OriginError:
    """What a client has in the end: all of the body, or the error that broke it off."""
    try:
        return (await worker.get("key")).body
    except OriginError as error:
        return error


# Following.


async def test_a_follower_streams_while_the_leader_is_parked(node: Node, worker: Worker, sibling: Worker) -> None:
    """What the leader has, the follower has, long before the end; the bucket is asked once."""
    middle = Barrier()
    node.origin.script("key", (head(10), BODY[:5], middle, BODY[5:]))
    async with clients(worker.get("key")) as (leader,):
        await middle.reached()
        answer = await sibling.ask("key")
        chunks = answer.body.chunks(0, 10)
        assert await anext(chunks) == BODY[:5]
        assert not leader.done()
        middle.release()
        assert b"".join([chunk async for chunk in chunks]) == BODY[5:]
        await answer.body.close()
    assert (leader.result().body, answer.status.collapsed, node.origin.calls) == (BODY, True, ["key"])


async def test_a_follower_has_the_last_byte_when_all_is_stored(node: Node, worker: Worker, sibling: Worker) -> None:
    """Whoever has all of a body can rely on its being stored, for every worker: as with the leader."""
    middle = Barrier()
    node.origin.script("key", (head(10), BODY[:5], middle, BODY[5:]))
    async with clients(worker.get("key")):
        await middle.reached()
        answer = await sibling.ask("key")
        with sibling.room.held():  # nobody can put a body in its place meanwhile
            middle.release()
            assert b"".join([chunk async for chunk in answer.body.chunks(0, 9)]) == BODY[:9]
            last = asyncio.ensure_future(anext(answer.body.chunks(9, 10)))  # noqa: TID251 - a test
            assert await asyncio.wait([last], timeout=0.1) == (set(), {last})
        assert await last == BODY[9:]
        assert await sibling.bodies.find(KEY) is not None
        await answer.body.close()


async def test_a_follower_that_looks_late_has_all(node: Node, worker: Worker, sibling: Worker) -> None:
    """What its leader has stored was found to be unchanged, and freshened, before the follower looked again."""
    stored = a_response(received_at=NOW, epoch=worker.epoch.current)
    part, _ = await worker.bodies.claim(KEY, Turn(worker.epoch.current, 0))
    await part.begin(stored)
    await part.write(BODY[:5])

    async def store_and_freshen() -> None:
        await part.write(BODY[5:])
        await part.commit()
        await worker.bodies.freshen(KEY, stored)

    answer = await sibling.ask("key")
    with ThreadPoolExecutor(1) as elsewhere:  # nobody looks while this loop stands still
        elsewhere.submit(asyncio.run, store_and_freshen()).result()
    part.close()
    assert (await read(answer)).body == BODY
    assert node.origin.calls == []


async def test_many_workers_are_one_fill(node: Node, worker: Worker) -> None:
    """One of them stores, all others read along, and each has it in memory afterwards."""
    barrier = Barrier()
    node.origin.script("key", (barrier, *whole(BODY)))
    workers = [worker, *(node.worker() for _ in range(3))]
    async with clients(*(each.get("key") for each in workers for _ in range(5))) as asking:
        await barrier.reached()
        await all_at_it(*workers)
        barrier.release()
    replies = [client.result() for client in asking]
    assert {reply.body for reply in replies} == {BODY}
    assert sorted(reply.said for reply in replies) == [COLLAPSED] * 19 + ["fwd=uri-miss; fwd-status=200; stored"]
    assert [(await each.get_and_store("key")).said for each in workers] == ["hit; ttl=60"] * 4
    assert node.origin.calls == ["key"]


@pytest.mark.parametrize("error", [OriginUnavailable("503", retry_after=7), OriginTimeout("slow")], ids=repr)
@pytest.mark.parametrize("start", [(), (head(10), BODY[:5])], ids=["before-the-head", "mid-body"])
async def test_followers_are_told_the_leaders_error(
    node: Node, worker: Worker, sibling: Worker, start: tuple[Step, ...], error: OriginError
) -> None:
    """The same kind, the same words; the bucket was asked once for all, and nothing is stored."""
    barrier = Barrier()
    node.origin.script("key", (*start, barrier, error))
    async with clients(told(worker), told(sibling), told(sibling)) as asking:
        await barrier.reached()
        await all_at_it(worker, sibling)
        barrier.release()
    results = [client.result() for client in asking]
    assert [(type(each), str(each)) for each in results] == [(type(error), str(error))] * 3
    assert [getattr(each, "retry_after", None) for each in results] == [getattr(error, "retry_after", None)] * 3
    assert node.origin.calls == ["key"]


async def all_at_it(*workers: Worker, times: int = 1) -> None:
    """Wait until each of the workers leads or follows its fill of that number."""
    for worker in workers:
        await worker.bodies.claimed(times)


async def test_a_missing_object_is_told_to_followers(node: Node, worker: Worker, sibling: Worker) -> None:
    """Each of them knows it afterwards."""
    barrier = Barrier()
    node.origin.script("key", (barrier,))
    async with clients(worker.get("key"), sibling.get("key")) as asking:
        await barrier.reached()
        await all_at_it(worker, sibling)
        barrier.release()
    assert [client.result().status for client in asking] == [404, 404]
    assert [(await each.get("key")).said for each in (worker, sibling)] == ["hit; ttl=60"] * 2
    assert node.origin.calls == ["key"]


async def test_an_unstorable_object_is_told_to_followers(node: Node, worker: Worker, sibling: Worker) -> None:
    """They ask for themselves, at once and from then on."""
    barrier = Barrier()
    private = {"cache-control": "private"}
    node.origin.script("key", (barrier, *whole(b"1", private)), *(whole(b"%d" % n, private) for n in range(2, 9)))
    async with clients(worker.get("key"), sibling.get("key")) as asking:
        await barrier.reached()
        await all_at_it(worker, sibling)
        barrier.release()
    assert sorted(client.result().body for client in asking) == [b"1", b"2"]
    assert {(await each.get("key")).said for each in (worker, sibling)} == {"fwd=bypass; fwd-status=200"}
    assert node.stored_files() == []


async def test_a_304_is_told_to_followers(node: Node, worker: Worker, sibling: Worker) -> None:
    """They use what is stored, as fresh as it is now; the bucket was asked once and sent no body."""
    barrier = Barrier()
    node.origin.script("key", whole(BODY, ETAG), (barrier, *whole(BODY, ETAG)))
    await worker.get_and_store("key")
    node.clock.advance(TTL)
    async with clients(worker.get("key"), sibling.get("key")) as asking:
        await barrier.reached()
        await all_at_it(worker, times=2)
        await all_at_it(sibling)
        barrier.release()
    assert [client.result().body for client in asking] == [BODY, BODY]
    assert {client.result().said for client in asking} == {
        "fwd=stale; fwd-status=304",
        "fwd=stale; fwd-status=304; collapsed",
    }
    assert [(await each.get("key")).said for each in (worker, sibling)] == ["hit; ttl=60"] * 2
    assert (node.origin.calls, node.origin.sent_bytes) == (["key", "key"], 10)


# A leader that dies.


async def test_a_follower_goes_on_where_a_stopped_leader_stood(node: Node, worker: Worker, sibling: Worker) -> None:
    """It asks for the rest of the same version; whoever read along gets every byte, and it is stored."""
    middle = Barrier()
    node.origin.script("key", (head(10, ETAG), BODY[:5], middle), whole(BODY, ETAG))
    async with clients(told(worker)) as (leader,):
        await middle.reached()
        answer = await sibling.ask("key")
        chunks = answer.body.chunks(0, 10)
        received = await anext(chunks)
        await worker.tasks.cancel_all()
        received += b"".join([chunk async for chunk in chunks])
        await answer.body.close()
    assert isinstance(leader.result(), OriginUnavailable)
    assert received == BODY
    assert node.origin.conditions == [None, Span('"a"', 5)]
    assert node.origin.sent_bytes == 10
    await sibling.tasks.ended()
    assert await node.worker().get("key") == Reply(200, BODY, "hit; ttl=60")


async def test_a_new_request_goes_on_where_a_dead_leader_stood(node: Node, worker: Worker, sibling: Worker) -> None:
    """Though it has read nothing yet."""
    await abandon(node, worker, ETAG)
    node.origin.put("key", BODY, ETAG)
    assert await sibling.get_and_store("key") == Reply(200, BODY, "fwd=uri-miss; fwd-status=200; stored")
    assert node.origin.conditions[-1] == Span('"a"', 5)
    assert (await sibling.get("key")).said == "hit; ttl=60"


@pytest.mark.parametrize(
    ("before", "after"),
    [(ETAG, {"etag": '"b"'}), (ETAG, {}), ({}, {}), ({"etag": 'W/"a"'}, {"etag": 'W/"a"'})],
    ids=["another-version", "without-etag-now", "never-had-an-etag", "rfc9110-8.8.1-weak"],
)
async def test_versions_are_not_mixed(
    node: Node, worker: Worker, sibling: Worker, before: dict[str, str], after: dict[str, str]
) -> None:
    """What cannot be gone on with is fetched anew by who has read nothing of it, and nothing of it is left."""
    await abandon(node, worker, before)
    node.origin.put("key", b"ABCDEFGHIJ", after)
    assert (await sibling.get_and_store("key")).body == b"ABCDEFGHIJ"
    assert (await sibling.get("key")).said == "hit; ttl=60"
    assert node.stored_files() == [node.body_file("key").name]
    assert counted(sibling) == (1, node.body_file("key").stat().st_size)


async def test_who_has_read_of_a_version_that_is_gone_is_told(node: Node, worker: Worker, sibling: Worker) -> None:
    """The body is broken off; the next request gets the new version."""
    middle = Barrier()
    node.origin.script("key", (head(10, ETAG), BODY[:5], middle), whole(b"ABCDEFGHIJ", {"etag": '"b"'}))
    async with clients(told(worker)):
        await middle.reached()
        async with clients(told(sibling)) as (follower,):
            await sibling_reads(sibling)
            await worker.tasks.cancel_all()
    assert isinstance(follower.result(), OriginError)
    assert (await sibling.get_and_store("key")).body == b"ABCDEFGHIJ"


async def sibling_reads(worker: Worker) -> None:
    """Wait until the worker reads along."""
    answer = await worker.ask("key")
    await answer.body.close()


async def abandon(node: Node, worker: Worker, headers: dict[str, str]) -> None:
    """Let the worker be stopped when half of the body is there."""
    middle = Barrier()
    node.origin.script("key", (head(10, headers), BODY[:5], middle))
    async with clients(told(worker)):
        await middle.reached()
        await worker.tasks.cancel_all()
    assert len(node.unfinished_files()) == 1


def counted(worker: Worker) -> tuple[int, int]:
    """Files and bytes that the ledger has."""
    ledger = worker.room._ledger  # noqa: SLF001 - what it counts is what is to be shown
    return ledger.files, ledger.used_bytes


def lead_and_hang(directory: Path, turn: Turn, parent: Connection) -> None:
    """Be a worker process in the middle of a fill: write half a body, say so, and wait."""

    async def write_half() -> None:
        part, is_leader = await file_bodies(directory).claim(KEY, turn)
        await part.begin(a_response(content_length=10, received_at=NOW, epoch=turn.epoch))
        await part.write(BODY[:5])
        parent.send(is_leader)
        parent.recv()

    asyncio.run(write_half())


async def test_a_follower_goes_on_where_a_killed_process_stood(node: Node, worker: Worker) -> None:
    """The kernel lets go of the lock; the follower asks for the rest, and its client notices nothing."""
    node.origin.put("key", BODY, ETAG)
    spawn = multiprocessing.get_context("spawn")
    pipe, its_end = spawn.Pipe()
    turn = Turn(worker.epoch.current, 0)
    process = spawn.Process(target=lead_and_hang, args=(node.directory, turn, its_end), daemon=True)
    process.start()
    try:
        assert await asyncio.to_thread(pipe.poll, 3 * PATIENCE_SECONDS), "the worker process says nothing"
        assert pipe.recv()
        answer = await worker.ask("key")
        chunks = answer.body.chunks(0, 10)
        received = await anext(chunks)
        assert (received, node.origin.calls) == (BODY[:5], [])
        process.kill()
        received += b"".join([chunk async for chunk in chunks])
        await answer.body.close()
    finally:
        process.kill()
        process.join()
        process.close()
    assert received == BODY
    assert node.origin.conditions == [Span('"a"', 5)]
    await worker.tasks.ended()
    assert await worker.get("key") == Reply(200, BODY, "hit; ttl=60")


# Clear and purge during a fill.


@pytest.mark.parametrize(
    "rule",
    [PurgeRule(Scope.KEY, "key"), PurgeRule(Scope.PREFIX, "k"), PurgeRule(Scope.TAG, "t")],
    ids=["key", "prefix", "tag"],
)
@pytest.mark.parametrize("position", ["before-the-head", "mid-body"])
async def test_a_purge_during_a_fill(
    node: Node, worker: Worker, sibling: Worker, rule: PurgeRule, position: str
) -> None:
    """Who asked before gets the old object; what it was is not stored, for any worker."""
    barrier, tag = Barrier(), {"surrogate-key": "t", **ETAG}
    old: dict[str, tuple[Step, ...]] = {
        "before-the-head": (barrier, *whole(b"old", tag)),
        "mid-body": (head(3, tag), b"ol", barrier, b"d"),
    }
    node.origin.script("key", old[position], whole(b"new"))
    async with clients(worker.get("key")) as (before,):
        await barrier.reached()
        await sibling.engine.purge(rule)
        barrier.release()
    assert before.result().body == b"old"
    await worker.tasks.ended()
    assert [(await each.get_and_store("key")).body for each in (sibling, worker)] == [b"new", b"new"]
    assert node.stored_files() == [node.body_file("key").name]


@pytest.mark.parametrize("scope", [Scope.KEY, Scope.PREFIX])
async def test_nobody_joins_a_fill_of_before_a_purge(node: Node, worker: Worker, sibling: Worker, scope: Scope) -> None:
    """In no worker: each asks anew, while the old fill still runs."""
    middle = Barrier()
    node.origin.script("key", (head(3), b"ol", middle, b"d"), whole(b"new"))
    async with clients(worker.get("key")) as (before,):
        await middle.reached()
        await sibling.engine.purge(PurgeRule(scope, "key"))
        assert [(await each.get("key")).body for each in (worker, sibling)] == [b"new", b"new"]
        middle.release()
    await worker.tasks.ended()
    assert before.result().body == b"old"
    assert (await worker.get("key")).body == b"new"


async def test_a_purge_of_a_tag_during_a_dead_leaders_fill(node: Node, worker: Worker, sibling: Worker) -> None:
    """What lies there half is not gone on with."""
    await abandon(node, worker, {"surrogate-key": "t", **ETAG})
    await sibling.engine.purge(PurgeRule(Scope.TAG, "t"))
    node.origin.put("key", b"ABCDEFGHIJ", ETAG)
    assert (await sibling.get_and_store("key")).body == b"ABCDEFGHIJ"


async def test_a_clear_during_a_fill_that_is_followed(node: Node, worker: Worker, sibling: Worker) -> None:
    """Leader and follower both get what they asked for; who asks after does not, and nothing old stays."""
    middle = Barrier()
    node.origin.script("key", (head(3), b"ol", middle, b"d"), whole(b"new"))
    async with clients(worker.get("key"), sibling.get("key")) as asking:
        await middle.reached()
        await sibling_reads(sibling)
        await worker.engine.clear()
        assert (await sibling.get("key")).body == b"new"
        middle.release()
    assert [client.result().body for client in asking] == [b"old", b"old"]
    for each in (worker, sibling):
        await each.tasks.ended()
    assert (await worker.get("key")).said == "hit; ttl=60"
    assert node.stored_files() == [node.body_file("key").name]


async def test_a_directory_removed_while_it_is_followed(node: Node, worker: Worker, sibling: Worker) -> None:
    """An open file outlives its name: everybody gets their bytes."""
    middle = Barrier()
    node.origin.script("key", (head(10), BODY[:5], middle, BODY[5:]), whole(BODY))
    async with clients(worker.get("key"), sibling.get("key")) as asking:
        await middle.reached()
        await sibling_reads(sibling)
        shutil.rmtree(node.directory)
        middle.release()
    assert [client.result().body for client in asking] == [BODY, BODY]
