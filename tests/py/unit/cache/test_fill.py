"""One fill: who is told what, and what becomes of what it holds."""

import asyncio
import traceback

import pytest
from support.scripted_origin import Barrier, Step, head, whole
from unit.cache.node import NOW, PLACE, Node, Worker, clients
from unit.store.limits import largest_file, no_more_files

from sidecar.cache.body import EmptyBody, PassingBody, StoredBody
from sidecar.cache.fill import Begun, Fill, Found
from sidecar.cache.key import CacheKey
from sidecar.cache.ports import Turn
from sidecar.cache.stored import Kind
from sidecar.errors import OriginError, OriginForbidden, OriginProtocolError, OriginUnavailable
from sidecar.store.layout import BLOCK

BODY = b"0123456789"
KEY = CacheKey(PLACE.store, PLACE.bucket, "key")
NO_STORE = {"cache-control": "no-store"}


def fill_of(worker: Worker) -> Fill:
    """A fill that has not begun."""
    return Fill(KEY, Turn(worker.epoch.current, worker.purges.generation(KEY)), worker.tools)


async def run(fill: Fill) -> None:
    """Run it to its end."""
    try:
        await fill.run()
    finally:
        await fill.close()


async def begun(fill: Fill) -> Begun:
    """Join an answer that has begun."""
    joined = await fill.join()
    assert isinstance(joined, Begun)
    return joined


async def test_everybody_gets_a_reader_of_a_stored_body(node: Node, worker: Worker) -> None:
    """Each their own, to be closed by them."""
    node.origin.put("key", BODY)
    fill = fill_of(worker)
    async with clients(begun(fill), begun(fill)) as joining:
        await run(fill)
    bodies = [client.result().body for client in joining]
    assert all(isinstance(body, StoredBody) for body in bodies)
    assert all(client.result().is_stored for client in joining)
    for body in bodies:
        assert b"".join([chunk async for chunk in body.chunks(0, 10)]) == BODY
        await body.close()


async def test_a_missing_object_is_told_to_everybody(node: Node, worker: Worker) -> None:
    """It has no body, and is remembered."""
    fill = fill_of(worker)
    async with clients(begun(fill), begun(fill)) as joining:
        await run(fill)
    for client in joining:
        assert client.result().stored.kind is Kind.MISSING
        assert isinstance(client.result().body, EmptyBody)
    remembered = await worker.metadata.get(KEY)
    assert remembered is not None
    assert (remembered.kind, remembered.received_at) == (Kind.MISSING, NOW)


async def test_only_one_gets_an_answer_that_may_not_be_stored(node: Node, worker: Worker) -> None:
    """The first of those who wait; the others are told to ask for themselves."""
    node.origin.put("key", BODY, NO_STORE)
    fill = fill_of(worker)
    async with clients(fill.join(), fill.join(), fill.join()) as joining:
        await run(fill)
    first, *others = (client.result() for client in joining)
    assert isinstance(first, Begun)
    assert isinstance(first.body, PassingBody)
    assert not first.is_stored
    assert others == [None, None]
    assert node.origin.open_responses == 1
    await first.body.close()


async def test_a_fill_is_not_closed_before_those_who_joined_have_theirs(node: Node, worker: Worker) -> None:
    """Closing waits, although the work is done."""
    node.origin.put("key", BODY, NO_STORE)
    fill = fill_of(worker)
    async with clients(fill.join()) as (joining,), asyncio.TaskGroup() as group:
        await fill.run()
        closing = group.create_task(fill.close())
        assert not joining.done()
        assert not closing.done()
    joined = joining.result()
    assert isinstance(joined, Begun)
    assert [chunk async for chunk in joined.body.chunks(0, 10)] == [BODY]
    await joined.body.close()


async def test_what_appeared_meanwhile_is_not_fetched(node: Node, worker: Worker) -> None:
    """A second fill finds what the first has stored."""
    node.origin.put("key", BODY)
    await worker.get_and_store("key")
    fill = fill_of(worker)
    async with clients(fill.join()) as (joining,):
        await run(fill)
    assert isinstance(joining.result(), Found)
    assert node.origin.calls == ["key"]


@pytest.mark.parametrize("age", [60.0, 61.0])
async def test_what_appeared_and_is_stale_is_fetched(node: Node, worker: Worker, age: float) -> None:
    """The second look decides as the first one does."""
    node.origin.put("key", BODY)
    await worker.get_and_store("key")
    node.clock.advance(age)
    fill = fill_of(worker)
    async with clients(begun(fill)) as (joining,):
        await run(fill)
    assert node.origin.calls == ["key", "key"]
    await joining.result().body.close()


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (OriginUnavailable("down"), OriginUnavailable),
        (OriginForbidden("no"), OriginForbidden),
        (ConnectionResetError("not mapped"), OriginUnavailable),
        (TimeoutError("not mapped"), OriginUnavailable),
    ],
    ids=repr,
)
@pytest.mark.parametrize("start", [(), (head(10), BODY[:5])], ids=["before-the-head", "mid-body"])
async def test_a_failure_is_told_to_everybody(
    node: Node, worker: Worker, start: tuple[Step, ...], error: Exception, told: type[OriginError]
) -> None:
    """By an OriginError, whatever it was; everything is given back."""
    node.origin.script("key", (*start, error))
    fill = fill_of(worker)
    async with clients(*(error_of(fill) for _ in range(3))) as joining:
        await run(fill)
    assert {type(client.result()) for client in joining} == {told}
    assert node.leftovers() == []
    assert node.stored_files() == []


async def test_a_mistake_of_ours_is_told_to_everybody_too(node: Node, worker: Worker) -> None:
    """Nobody waits for ever; the one who runs the fill gets the mistake itself."""
    node.origin.script("key", (ZeroDivisionError("a mistake"),))
    fill = fill_of(worker)
    async with clients(error_of(fill), error_of(fill)) as joining:
        with pytest.raises(ZeroDivisionError):
            await run(fill)
    assert {type(client.result()) for client in joining} == {OriginProtocolError}


async def test_many_who_are_told_do_not_make_the_error_grow(node: Node, worker: Worker) -> None:
    """It is one error for all of them, without the trace of those before."""
    node.origin.script("key", (OriginUnavailable("down"),))
    fill = fill_of(worker)
    async with clients(*(depth_of_error(fill) for _ in range(20))) as joining:
        await run(fill)
    assert len({client.result() for client in joining}) == 1


@pytest.mark.parametrize("room", [0, BLOCK + 5, BLOCK + 7], ids=["none", "for-no-more", "for-half-a-chunk"])
async def test_a_disk_that_fails_mid_body_is_told(
    node: Node, worker: Worker, caplog: pytest.LogCaptureFixture, room: int
) -> None:
    """The bytes after the failure are nowhere: those who read are told, and the log says why."""
    middle = Barrier()
    node.origin.script("key", (head(10), BODY[:5], middle, BODY[5:]))
    fill = fill_of(worker)
    async with asyncio.TaskGroup() as group:
        group.create_task(run(fill))
        error = group.create_task(error_of(fill))
        await middle.reached()
        with largest_file(room):
            middle.release()
            await error
    assert isinstance(error.result(), OriginUnavailable)
    assert "the cache directory failed while 'key' was being stored" in caplog.text
    assert node.stored_files() == []


@pytest.mark.parametrize(
    ("length", "headers"),
    [(10, {"content-disposition": "x" * 70_000}), (2**62, {}), (2**63, {}), (2**64, {})],
    ids=["description-too-large", "larger-than-any-disk", "larger-than-off_t", "larger-than-size_t"],
)
async def test_what_cannot_be_stored_is_passed_on(
    node: Node, worker: Worker, length: int, headers: dict[str, str]
) -> None:
    """The client gets it all the same, and no file is left."""
    node.origin.script("key", (head(length, headers), BODY))
    fill = fill_of(worker)
    async with clients(begun(fill)) as (joining,):
        await run(fill)
    answer = joining.result()
    assert not answer.is_stored
    assert [chunk async for chunk in answer.body.chunks(0, length)] == [BODY]
    await answer.body.close()
    assert node.stored_files() == []


async def test_a_process_without_descriptors_tells_who_cannot_read(
    node: Node, worker: Worker, caplog: pytest.LogCaptureFixture
) -> None:
    """The fill goes on for the others."""
    middle = Barrier()
    node.origin.script("key", (head(10), BODY[:5], middle, BODY[5:]))
    fill = fill_of(worker)
    async with asyncio.TaskGroup() as group:
        group.create_task(run(fill))
        reader = await begun(fill)
        await middle.reached()
        with no_more_files(), pytest.raises(OriginUnavailable):
            await fill.join()
        middle.release()
        assert b"".join([chunk async for chunk in reader.body.chunks(0, 10)]) == BODY
        await reader.body.close()
    assert "Too many open files" in caplog.text
    assert (await worker.get("key")).said == "hit; ttl=60"


async def test_a_fill_of_an_epoch_that_is_over_stores_nothing_usable(node: Node, worker: Worker) -> None:
    """Its file is removed, and what it says of the object is not remembered."""
    middle = Barrier()
    node.origin.script("key", (head(10), BODY[:5], middle, BODY[5:]), whole(b"new"))
    fill = fill_of(worker)
    async with asyncio.TaskGroup() as group:
        group.create_task(run(fill))
        await middle.reached()
        worker.epoch.advance()
        middle.release()
    assert node.stored_files() == []
    assert await worker.metadata.get(KEY) is None


async def test_a_missing_object_of_an_epoch_that_is_over_is_asked_for_again(node: Node, worker: Worker) -> None:
    """It is told to those who asked before, and not used by those who ask after."""
    barrier = Barrier()
    node.origin.script("key", (barrier,), whole(BODY))
    async with clients(worker.get("key")) as (before,):
        await barrier.reached()
        await worker.engine.clear()
        barrier.release()
    assert before.result().status == 404
    assert (await worker.get("key")).body == BODY


async def error_of(fill: Fill) -> OriginError:
    """What a reader is told in the end."""
    with pytest.raises(OriginError) as caught:
        await read_all(fill)
    return caught.value


async def read_all(fill: Fill) -> None:
    """Join, read to the end, close."""
    joined = await begun(fill)
    try:
        async for _ in joined.body.chunks(0, joined.stored.content_length):
            pass
    finally:
        await joined.body.close()


async def depth_of_error(fill: Fill) -> int:
    """How many frames the error carries when it arrives."""
    return len(traceback.extract_tb((await error_of(fill)).__traceback__))
