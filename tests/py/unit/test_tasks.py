"""Background tasks: kept, reported, ended together."""

import asyncio
import gc
import logging

import pytest

from sidecar.tasks import Tasks


async def _fail(error: Exception) -> None:
    raise error


class _Work:
    """A task that waits until it is let go, and takes a moment to clean up when it is cancelled."""

    def __init__(self) -> None:
        self.has_begun = asyncio.Event()
        self.may_end = asyncio.Event()
        self.has_cleaned_up = False

    async def run(self) -> None:
        self.has_begun.set()
        try:
            await self.may_end.wait()
        finally:
            await _one_turn_of_the_loop()
            self.has_cleaned_up = True


async def _one_turn_of_the_loop() -> None:
    turned = asyncio.Event()
    asyncio.get_running_loop().call_soon(turned.set)
    await turned.wait()


async def _refuse_to_end(has_begun: asyncio.Event) -> None:
    has_begun.set()
    try:
        await asyncio.Event().wait()
    except asyncio.CancelledError:
        raise OSError("the disk is full") from None


async def test_a_task_has_a_name() -> None:
    """A task can be told from others in a dump of all tasks."""
    tasks, work = Tasks(), _Work()
    task = tasks.spawn(work.run(), name="fill a/b")
    assert task.get_name() == "fill a/b"
    assert task in asyncio.all_tasks()
    await tasks.cancel_all()


async def test_tasks_are_counted_while_they_run() -> None:
    """A task is kept until it has ended, and not a moment longer."""
    tasks, work = Tasks(), _Work()
    assert len(tasks) == 0
    task = tasks.spawn(work.run(), name="work")
    assert len(tasks) == 1
    work.may_end.set()
    await task
    assert len(tasks) == 0


async def test_a_task_is_kept_from_the_garbage_collector() -> None:
    """A task that nobody else refers to runs to its end."""
    tasks, work = Tasks(), _Work()
    tasks.spawn(work.run(), name="work")
    await work.has_begun.wait()
    gc.collect()
    assert len(tasks) == 1
    await tasks.cancel_all()
    assert work.has_cleaned_up


async def test_a_failure_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    """An exception that escapes a task is told once, with the task's name and its traceback."""
    tasks = Tasks()
    task = tasks.spawn(_fail(ValueError("no such thing")), name="look around")
    await asyncio.wait([task])
    (record,) = caplog.records
    assert (record.levelno, record.getMessage()) == (logging.ERROR, "task look around failed")
    assert record.exc_info is not None
    assert str(record.exc_info[1]) == "no such thing"
    assert len(tasks) == 0


async def test_cancelling_is_no_failure(caplog: pytest.LogCaptureFixture) -> None:
    """Ending what runs is not worth a line in the log."""
    tasks, work = Tasks(), _Work()
    tasks.spawn(work.run(), name="work")
    await work.has_begun.wait()
    await tasks.cancel_all()
    assert caplog.records == []


async def test_cancel_all_waits_until_all_have_cleaned_up() -> None:
    """When it returns, nothing of its owner runs any more."""
    tasks, works = Tasks(), [_Work() for _ in range(3)]
    for work in works:
        tasks.spawn(work.run(), name="work")
        await work.has_begun.wait()
    await tasks.cancel_all()
    assert all(work.has_cleaned_up for work in works)
    assert len(tasks) == 0


async def test_cancel_all_survives_a_task_that_fails_while_it_ends(caplog: pytest.LogCaptureFixture) -> None:
    """A failure of one task's cleaning up is logged and keeps none of the others from ending."""
    tasks, work, has_begun = Tasks(), _Work(), asyncio.Event()
    tasks.spawn(_refuse_to_end(has_begun), name="refuse")
    tasks.spawn(work.run(), name="work")
    await has_begun.wait()
    await work.has_begun.wait()
    await tasks.cancel_all()
    assert work.has_cleaned_up
    assert [record.getMessage() for record in caplog.records] == ["task refuse failed"]


async def test_cancel_all_of_a_task_that_has_not_begun() -> None:
    """A task that was spawned a moment ago gets to clean up as well: somebody may wait for that."""
    tasks, work = Tasks(), _Work()
    tasks.spawn(work.run(), name="work")
    await tasks.cancel_all()
    assert work.has_cleaned_up


async def test_cancel_all_of_what_is_spawned_meanwhile() -> None:
    """A task that another one spawns while it cleans up is ended too."""
    tasks, work = Tasks(), _Work()

    async def spawn_at_the_end() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            tasks.spawn(work.run(), name="last will")

    tasks.spawn(spawn_at_the_end(), name="first")
    await tasks.cancel_all()
    assert work.has_cleaned_up
    assert len(tasks) == 0


async def test_cancel_all_of_nothing() -> None:
    """It may be called before anything ran, and again."""
    tasks = Tasks()
    await tasks.cancel_all()
    await tasks.cancel_all()
    assert len(tasks) == 0
