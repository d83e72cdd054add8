"""One piece of work for all who want it."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from unit.cache.node import WatchedTasks, settle

from sidecar.cache.collapse import Collapse
from sidecar.cache.ports import Turn

KEY = ("digest", Turn(epoch=7, generation=3))
OTHERS = {
    "another-key": ("other", Turn(epoch=7, generation=3)),
    "another-epoch": ("digest", Turn(epoch=8, generation=3)),
    "another-generation": ("digest", Turn(epoch=7, generation=4)),
}


class Job:
    """Runs until it is told to end, and knows how often it ran and was closed."""

    def __init__(self, error: Exception | None = None) -> None:
        self.runs = 0
        self.closes = 0
        self.finish = asyncio.Event()
        self._error = error

    async def run(self) -> None:
        """Wait for `finish`, then end or fail."""
        self.runs += 1
        await self.finish.wait()
        if self._error is not None:
            raise self._error

    async def close(self) -> None:
        """Count it."""
        self.closes += 1


@pytest.fixture
async def tasks() -> AsyncIterator[WatchedTasks]:
    """Make an owner of tasks, whose tasks end with the test."""
    tasks = WatchedTasks()
    yield tasks
    await tasks.cancel_all()


@pytest.fixture
def collapse(tasks: WatchedTasks) -> Collapse[Job]:
    """Make a place where jobs are found."""
    return Collapse(tasks)


async def test_the_first_who_asks_begins_it(collapse: Collapse[Job]) -> None:
    """All others find what it began, also before its first step."""
    job, is_leader = collapse.find_or_start(KEY, Job)
    assert is_leader
    assert collapse.find_or_start(KEY, Job) == (job, False)
    await settle()
    assert collapse.find_or_start(KEY, Job) == (job, False)
    assert (job.runs, job.closes, len(collapse)) == (1, 0, 1)


@pytest.mark.parametrize("other", OTHERS.values(), ids=OTHERS)
async def test_another_key_or_turn_is_another_job(collapse: Collapse[Job], other: tuple[str, Turn]) -> None:
    """Nobody joins what began before a clear or a purge."""
    job, _ = collapse.find_or_start(KEY, Job)
    another, is_leader = collapse.find_or_start(other, Job)
    assert is_leader
    assert another is not job
    assert len(collapse) == 2


async def test_what_has_ended_is_begun_anew(collapse: Collapse[Job], tasks: WatchedTasks) -> None:
    """It was closed, once, and nothing of it is kept."""
    job, _ = collapse.find_or_start(KEY, Job)
    job.finish.set()
    await tasks.ended()
    assert (job.runs, job.closes, len(collapse), len(tasks)) == (1, 1, 0, 0)
    assert collapse.find_or_start(KEY, Job)[1]


async def test_what_has_ended_cannot_be_found_while_it_is_closed(collapse: Collapse[Job], tasks: WatchedTasks) -> None:
    """Whoever comes during the cleaning up begins anew."""

    class Finder(Job):
        async def close(self) -> None:
            await super().close()
            self.found, self.is_new = collapse.find_or_start(KEY, Job)

    job = Finder()
    collapse.find_or_start(KEY, lambda: job)
    job.finish.set()
    await settle()
    assert job.is_new
    assert job.found is not job
    assert len(collapse) == 1


async def test_a_failure_is_closed_and_told(
    collapse: Collapse[Job], tasks: WatchedTasks, caplog: pytest.LogCaptureFixture
) -> None:
    """What nobody expected does not keep the key, and is in the log."""
    job, _ = collapse.find_or_start(KEY, lambda: Job(RuntimeError("unexpected")))
    job.finish.set()
    await tasks.ended()
    assert (job.closes, len(collapse)) == (1, 0)
    assert [record.exc_info and record.exc_info[1] for record in caplog.records] == [job._error]  # noqa: SLF001 - ours
    caplog.clear()


@pytest.mark.parametrize("turns", [0, 1, 20])
async def test_stopping_closes_whatever_was_begun(collapse: Collapse[Job], tasks: WatchedTasks, turns: int) -> None:
    """Also what has not taken its first step."""
    job, _ = collapse.find_or_start(KEY, Job)
    await settle(turns)
    await tasks.cancel_all()
    assert (job.runs, job.closes, len(collapse), len(tasks)) == (1, 1, 0, 0)


async def test_stopping_ends_what_is_begun_meanwhile(collapse: Collapse[Job], tasks: WatchedTasks) -> None:
    """Cleaning up may begin something; that is stopped too."""

    class Successor(Job):
        async def close(self) -> None:
            await super().close()
            self.next, _ = collapse.find_or_start(KEY, Job)

    job, _ = collapse.find_or_start(KEY, Successor)
    await tasks.cancel_all()
    assert isinstance(job, Successor)
    assert (job.next.runs, job.next.closes, len(collapse), len(tasks)) == (1, 1, 0, 0)


async def test_a_job_that_cannot_be_made_leaves_nothing(collapse: Collapse[Job], tasks: WatchedTasks) -> None:
    """The next one who asks tries again."""

    def fail() -> Job:
        raise ValueError("cannot be made")

    with pytest.raises(ValueError, match="cannot be made"):
        collapse.find_or_start(KEY, fail)
    assert (len(collapse), len(tasks)) == (0, 0)
    assert collapse.find_or_start(KEY, Job)[1]
