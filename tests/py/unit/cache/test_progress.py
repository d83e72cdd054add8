"""How far a body has come, and who waits for more."""

import asyncio
import gc
import traceback

import pytest
from unit.cache.node import settle

from sidecar.cache.progress import Progress
from sidecar.errors import OriginUnavailable


async def test_what_is_there_is_told_at_once() -> None:
    """All of it, not only the byte asked for."""
    progress = Progress()
    progress.advance(5)
    assert [await progress.beyond(position) for position in (0, 4)] == [5, 5]


async def test_a_reader_waits_for_its_byte() -> None:
    """Bytes before it do not end the waiting; one at its position does."""
    progress = Progress()
    async with asyncio.TaskGroup() as readers:
        reader = readers.create_task(progress.beyond(5))
        for _ in range(5):
            progress.advance(1)
            await settle()
            assert not reader.done()
        progress.advance(1)
    assert reader.result() == 6


async def test_all_readers_are_woken() -> None:
    """Each gets as many as there are when its own byte has come."""
    progress = Progress()
    async with asyncio.TaskGroup() as readers:
        near = [readers.create_task(progress.beyond(0)) for _ in range(50)]
        far = readers.create_task(progress.beyond(7))
        await settle()
        progress.advance(3)
        await settle()
        assert all(reader.done() for reader in near)
        assert not far.done()
        progress.advance(5)
    assert {reader.result() for reader in near} == {3}
    assert far.result() == 8


async def test_an_error_reaches_those_who_wait_and_those_who_come() -> None:
    """No reader waits for what will not come."""
    progress = Progress()
    error = OriginUnavailable("gone")
    async with asyncio.TaskGroup() as readers:
        reader = readers.create_task(raised_by(progress, 0))
        await settle()
        progress.fail(error)
    assert reader.result() is error
    assert await raised_by(progress, 0) is error


async def test_bytes_that_came_before_the_error_can_be_read() -> None:
    """The error stands where the bytes end."""
    progress = Progress()
    progress.advance(5)
    progress.fail(OriginUnavailable("gone"))
    assert await progress.beyond(4) == 5
    with pytest.raises(OriginUnavailable):
        await progress.beyond(5)


async def test_a_reader_that_leaves_is_forgotten() -> None:
    """Its place is not woken, and the others do not notice."""
    progress = Progress()
    async with asyncio.TaskGroup() as readers:
        leaving, staying = (readers.create_task(progress.beyond(0)) for _ in range(2))
        await settle()
        leaving.cancel()
        progress.advance(1)
    assert leaving.cancelled()
    assert staying.result() == 1


async def test_waiting_leaves_nothing_behind() -> None:
    """A slow body is waited for many times; what was waited on is forgotten each time."""
    progress = Progress()
    before = futures()
    for position in range(100):
        async with asyncio.TaskGroup() as readers:
            readers.create_task(progress.beyond(position))
            await settle(1)
            progress.advance(1)
    assert futures() <= before + 5


def futures() -> int:
    """How many of them are alive."""
    gc.collect()
    return sum(type(each) is asyncio.Future for each in gc.get_objects())


async def test_many_readers_do_not_make_the_error_grow() -> None:
    """One error is raised for all of them, without the trace of those before."""
    progress = Progress()
    progress.fail(OriginUnavailable("gone"))
    depths = {len(traceback.extract_tb((await raised_by(progress, 0)).__traceback__)) for _ in range(20)}
    assert len(depths) == 1


async def raised_by(progress: Progress, position: int) -> OriginUnavailable:
    """The error that a reader gets."""
    with pytest.raises(OriginUnavailable) as caught:
        await progress.beyond(position)
    return caught.value
