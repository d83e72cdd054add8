"""Clients that leave and servers that stop, at every moment of a fill: nobody else is harmed, nothing is left."""

import asyncio
import gc
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.scripted_origin import Barrier, Step, head, whole
from unit.cache.node import Node, Reply, Worker, clients, running_node, settle
from unit.store.descriptors import open_below

from sidecar.errors import OriginError, OriginUnavailable
from sidecar.store.bodies import sweep

BODY = b"0123456789"
NO_STORE = {"cache-control": "no-store"}
MOMENTS = range(16)
"""Turns of the event loop after which somebody leaves; what needs no disk is over in fewer."""

ANSWERS: dict[str, tuple[Step, ...]] = {
    "stored": whole(BODY),
    "passed": whole(BODY, NO_STORE),
    "missing": (),
    "refused": (OriginUnavailable("503"),),
    "broken": (head(10), BODY[:5], OriginUnavailable("gone")),
    "broken-at-once": (head(10), OriginUnavailable("gone")),
}


async def leave(*leaving: asyncio.Task[Any]) -> None:
    """Go away, and be gone."""
    for client in leaving:
        client.cancel()
    await asyncio.wait(leaving)
    assert all(client.cancelled() for client in leaving)


async def outcome(worker: Worker) -> bytes | str:
    """What a client has in the end: the body, or the name of the error."""
    try:
        return (await worker.get("key")).body
    except OriginError as error:
        return type(error).__name__


# A client leaves.


async def test_a_leader_that_leaves_mid_body_harms_nobody(node: Node, worker: Worker) -> None:
    """The fill belongs to the key: the follower reads it all, and it is stored."""
    middle = Barrier()
    node.origin.script("key", (head(10), BODY[:5], middle, BODY[5:]))
    async with clients(worker.get("key"), worker.get("key")) as (leader, follower):
        await middle.reached()
        await leave(leader)
        middle.release()
    assert follower.result().body == BODY
    await worker.tasks.ended()
    assert (await worker.get("key")).said == "hit; ttl=60"
    assert node.origin.calls == ["key"]


async def test_a_leader_that_leaves_before_the_head_harms_nobody(node: Node, worker: Worker) -> None:
    """The follower has no more to do with the leader than with any stranger."""
    barrier = Barrier()
    node.origin.script("key", (barrier, *whole(BODY)))
    async with clients(worker.get("key"), worker.get("key")) as (leader, follower):
        await barrier.reached()
        await leave(leader)
        barrier.release()
    assert (follower.result().body, node.origin.calls) == (BODY, ["key"])


async def test_a_follower_that_leaves_harms_nobody(node: Node, worker: Worker) -> None:
    """Neither the leader nor the other followers notice."""
    middle = Barrier()
    node.origin.script("key", (head(10), BODY[:5], middle, BODY[5:]))
    async with clients(*(worker.get("key") for _ in range(3))) as (leader, follower, other):
        await middle.reached()
        await leave(follower)
        middle.release()
    assert [leader.result().body, other.result().body] == [BODY, BODY]
    assert node.origin.calls == ["key"]


@pytest.mark.parametrize("position", ["before-the-head", "mid-body"])
async def test_an_object_nobody_waits_for_any_more_is_stored(node: Node, worker: Worker, position: str) -> None:
    """What has been begun is of use to the next one who asks."""
    barrier = Barrier()
    steps: dict[str, tuple[Step, ...]] = {
        "before-the-head": (barrier, *whole(BODY)),
        "mid-body": (head(10), BODY[:5], barrier, BODY[5:]),
    }
    node.origin.script("key", steps[position])
    async with clients(worker.get("key"), worker.get("key")) as asking:
        await barrier.reached()
        await leave(*asking)
        barrier.release()
    await worker.tasks.ended()
    assert await worker.get("key") == Reply(200, BODY, "hit; ttl=60")
    assert node.origin.calls == ["key"]


async def test_an_answer_that_nobody_may_have_is_closed(node: Node, worker: Worker) -> None:
    """All leave before the head of an answer that may not be stored: its connection is given back."""
    barrier = Barrier()
    node.origin.script("key", (barrier, *whole(BODY, NO_STORE)))
    async with clients(worker.get("key"), worker.get("key")) as asking:
        await barrier.reached()
        await leave(*asking)
        barrier.release()
    await worker.tasks.ended()
    assert node.origin.open_responses == 0


async def test_an_answer_of_a_leader_that_left_goes_to_a_follower(node: Node, worker: Worker) -> None:
    """An answer that may not be stored is not thrown away while somebody waits for it."""
    barrier = Barrier()
    node.origin.script("key", (barrier, *whole(BODY, NO_STORE)))
    async with clients(worker.get("key"), worker.get("key")) as (leader, follower):
        await barrier.reached()
        await leave(leader)
        barrier.release()
    assert (follower.result().body, node.origin.calls) == (BODY, ["key"])


async def test_a_client_that_asks_for_itself_may_leave(node: Node, worker: Worker) -> None:
    """Before the head and while the body passes; its connection is given back."""
    before, middle = Barrier(), Barrier()
    node.origin.script("key", whole(BODY, NO_STORE), (before, head(10, NO_STORE), BODY[:5], middle))
    async with clients(*(worker.get("key") for _ in range(3))) as (_, *passed):
        await before.reached()
        await leave(passed[0])
        before.release()
        await middle.reached()
        await leave(passed[1])
    assert node.origin.open_responses == 0


async def test_leaving_while_a_stored_body_is_opened_leaks_no_file(node: Node, worker: Worker) -> None:
    """The file that the disk's thread opens for nobody is closed."""
    node.origin.put("key", BODY)
    await worker.get_and_store("key")
    with node.gate:
        async with clients(worker.get("key")) as (client,):
            await node.gate.arrival()
            await leave(client)
    worker.bodies.close()
    await settle()
    assert open_below(node.directory) == []


@pytest.mark.parametrize("moment", MOMENTS)
async def test_leaving_around_the_opening_of_a_stored_body_leaks_no_file(
    node: Node, worker: Worker, moment: int
) -> None:
    """Also when the thread is done and the client leaves before it takes what the thread has for it."""
    node.origin.put("key", BODY)
    await worker.get_and_store("key")
    with node.gate:
        async with clients(ask_without_reading(worker)) as (client,):
            await node.gate.arrival()
            node.gate.open()
            worker.bodies.close()
            await settle(moment)
            client.cancel()
    await settle()
    assert open_below(node.directory) == []


async def ask_without_reading(worker: Worker) -> None:
    """A client that wants no body, as for HEAD."""
    answer = await worker.ask("key")
    await answer.body.close()


@pytest.mark.parametrize("moment", MOMENTS)
@pytest.mark.parametrize("answer", ANSWERS)
async def test_a_leader_may_leave_at_any_moment(node: Node, worker: Worker, answer: str, moment: int) -> None:
    """Those who stay have what they would have had without it."""
    barrier = Barrier()
    node.origin.script("key", ANSWERS[answer])
    alone = await outcome(node.worker())
    await worker.engine.clear()
    node.origin.script("key", (barrier, *ANSWERS[answer]))
    async with clients(*(outcome(worker) for _ in range(3))) as (leader, *followers):
        await barrier.reached()
        barrier.release()
        await settle(moment)
        leader.cancel()
    assert [follower.result() for follower in followers] == [alone, alone]
    asked = len(node.origin.calls) - 1
    assert asked == 1 or (answer == "passed" and asked <= 3)


_moments = st.integers(0, 12)
_comings = st.lists(st.tuples(_moments, st.none() | _moments), min_size=1, max_size=8)


@settings(max_examples=100, deadline=None)
@given(_comings, st.lists(_moments, min_size=3, max_size=3).map(sorted))
async def test_clients_may_come_and_go_as_they_like(comings: list[tuple[int, int | None]], releases: list[int]) -> None:
    """Each has a moment to come and maybe one to leave: those who stay read every byte, the bucket is asked once."""
    barriers = [Barrier() for _ in releases]
    with tempfile.TemporaryDirectory() as directory:
        async with running_node(Path(directory) / "cache") as node:
            worker = node.worker()
            node.origin.script("key", (barriers[0], head(10), BODY[:5], barriers[1], BODY[5:], barriers[2]))
            async with asyncio.TaskGroup() as group:
                asking = [group.create_task(coming_at(moment, worker)) for moment, _ in comings]
                for moment in range(14):
                    for (_, leaves_at), client in zip(comings, asking, strict=True):
                        if leaves_at == moment:
                            client.cancel()
                    for barrier, release_at in zip(barriers, releases, strict=True):
                        if release_at <= moment:
                            barrier.release()
                    await settle(2)
            await worker.tasks.ended()
    assert {client.result() for client in asking if not client.cancelled()} <= {BODY}
    assert len(node.origin.calls) <= 1


async def coming_at(moment: int, worker: Worker) -> bytes:
    """A client that does not come at once."""
    await settle(moment)
    return (await worker.get("key")).body


# The server stops.


@asynccontextmanager
async def told_to_stop(node: Node, worker: Worker) -> AsyncIterator[list[asyncio.Task[bytes | str]]]:
    """Three clients that have asked; the server stops at the end of the block, and holds nothing.

    A body that has begun is left for a sibling to go on with, or for the next start to sweep.
    """
    async with clients(*(outcome(worker) for _ in range(3))) as asking:
        yield asking
        await worker.tasks.cancel_all()
        assert node.origin.open_responses == 0
        assert len(worker.tasks) == 0
        node.gate.open()
        worker.bodies.close()
        await settle()
    assert node.leftovers() == node.unfinished_files()


@pytest.mark.parametrize("position", ["before-the-head", "after-the-head", "mid-body", "before-the-end"])
async def test_stopping_mid_fill_tells_those_who_wait(node: Node, worker: Worker, position: str) -> None:
    """Nobody waits for bytes that will not come, and the next start leaves no unfinished file."""
    barrier = Barrier()
    steps: dict[str, tuple[Step, ...]] = {
        "before-the-head": (barrier, *whole(BODY)),
        "after-the-head": (head(10), barrier, BODY),
        "mid-body": (head(10), BODY[:5], barrier, BODY[5:]),
        "before-the-end": (head(10), BODY, barrier),
    }
    node.origin.script("key", steps[position])
    async with told_to_stop(node, worker) as asking:
        await barrier.reached()
    is_whole = position == "before-the-end"
    assert [client.result() for client in asking] == [BODY if is_whole else "OriginUnavailable"] * 3
    assert sweep(node.directory) == (position in {"after-the-head", "mid-body"})
    assert node.stored_files() == ([node.body_file("key").name] if is_whole else [])


async def test_stopping_while_the_disk_looks(node: Node, worker: Worker) -> None:
    """The bucket has not been asked yet, and is not asked any more."""
    node.origin.put("key", BODY)
    node.gate.shut()
    async with told_to_stop(node, worker) as asking:
        await node.gate.arrival()
    assert [client.result() for client in asking] == ["OriginUnavailable"] * 3
    assert node.origin.calls == []


async def test_stopping_while_the_file_is_created(node: Node, worker: Worker) -> None:
    """The file that is created for nobody is removed."""
    barrier = Barrier()
    node.origin.script("key", (barrier, *whole(BODY)))
    async with told_to_stop(node, worker) as asking:
        await barrier.reached()
        node.gate.shut()
        barrier.release()
        await node.gate.arrival()
    assert [client.result() for client in asking] == ["OriginUnavailable"] * 3
    assert node.stored_files() == []


async def test_stopping_while_the_body_is_put_in_its_place(node: Node, worker: Worker) -> None:
    """It is there or it is not; nothing in between."""
    barrier = Barrier()
    node.origin.script("key", (head(10), BODY[:5], barrier, BODY[5:]))
    async with told_to_stop(node, worker) as asking:
        await barrier.reached()
        node.gate.shut()
        barrier.release()
        await node.gate.arrival()
    assert [client.result() for client in asking] == ["OriginUnavailable"] * 3
    assert node.unfinished_files() == []


async def test_stopping_while_a_chunk_is_written(node: Node, worker: Worker) -> None:
    """A write that comes too late reaches no file, and asyncio does not complain that nobody knows of it."""
    complaints: list[dict[str, Any]] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, complaint: complaints.append(complaint))
    barrier = Barrier()
    node.origin.script("key", (head(10), barrier, BODY))
    async with clients(outcome(worker)) as (client,):
        await barrier.reached()
        async with node.busy_disk(worker):
            barrier.release()
            await settle()
            await worker.tasks.cancel_all()
        worker.bodies.close()
        await settle()
    gc.collect()
    assert client.result() == "OriginUnavailable"
    assert complaints == []
    assert sweep(node.directory) == 1


@pytest.mark.parametrize("moment", MOMENTS)
@pytest.mark.parametrize("answer", ANSWERS)
async def test_the_server_may_stop_at_any_moment(node: Node, worker: Worker, answer: str, moment: int) -> None:
    """Everybody has an answer or is told, and nothing is left."""
    barrier = Barrier()
    node.origin.script("key", (barrier, *ANSWERS[answer]), ANSWERS[answer])
    async with told_to_stop(node, worker) as asking:
        await barrier.reached()
        barrier.release()
        await settle(moment)
    assert {client.result() for client in asking} <= {BODY, b"", "OriginUnavailable"}
    sweep(node.directory)


async def test_the_server_may_stop_before_a_fill_has_begun(node: Node, worker: Worker) -> None:
    """A task that is cancelled before its first step could tell nobody."""
    node.origin.put("key", BODY)
    async with asyncio.TaskGroup() as group:
        client = group.create_task(outcome(worker))
        group.create_task(worker.tasks.cancel_all())
    assert client.result() == "OriginUnavailable"


async def test_the_server_may_stop_while_a_fill_waits_to_be_closed(node: Node, worker: Worker) -> None:
    """It has failed already, and those who joined have not been woken yet."""
    signal = Barrier()
    signal.release()
    node.origin.script("key", (head(10), signal, OriginUnavailable("gone")))
    async with asyncio.TaskGroup() as group:
        client = group.create_task(outcome(worker))
        await signal.reached()
        await worker.tasks.cancel_all()
    assert client.result() == "OriginUnavailable"
    assert node.leftovers() == []


async def test_a_stopped_worker_leaves_its_siblings_alone(node: Node, worker: Worker) -> None:
    """What it began they begin anew, what it stored they use."""
    barrier = Barrier()
    node.origin.put("stored", BODY)
    node.origin.script("key", (head(10), BODY[:5], barrier), whole(BODY))
    await worker.get_and_store("stored")
    sibling = node.worker()
    async with told_to_stop(node, worker):
        await barrier.reached()
    assert [(await sibling.get(key)).body for key in ("stored", "key")] == [BODY, BODY]
    assert node.origin.calls == ["stored", "key", "key"]
