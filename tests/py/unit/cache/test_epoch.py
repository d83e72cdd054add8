"""One number that all workers see."""

import multiprocessing
from multiprocessing.connection import Connection
from typing import TYPE_CHECKING

from sidecar.cache.epoch import Epoch, new_epoch, shared_epoch

if TYPE_CHECKING:
    from ctypes import Array, c_uint64

PATIENCE_SECONDS = 30.0


def work(numbers: "Array[c_uint64]", parent: Connection) -> None:
    """Be a worker process: tell the epoch, and whenever asked to go on, begin another and tell that too."""
    epoch = Epoch(numbers)
    parent.send(epoch.current)
    while parent.recv():
        epoch.advance()
        parent.send(epoch.current)


def test_no_two_epochs_are_the_same() -> None:
    """A number that came again would bring back what was cleared."""
    assert len({new_epoch() for _ in range(1000)}) == 1000


def test_an_epoch_begins_for_all_who_share_it() -> None:
    """None of them needs to be told."""
    numbers = shared_epoch()
    workers = [Epoch(numbers) for _ in range(3)]
    before = workers[0].current
    workers[1].advance()
    assert len({worker.current for worker in workers}) == 1
    assert workers[2].current != before


def test_a_worker_that_starts_late_sees_the_epoch_of_the_others() -> None:
    """And that it is not the first."""
    numbers = shared_epoch()
    early = Epoch(numbers)
    early.advance()
    assert (Epoch(numbers).current, Epoch(numbers).is_first) == (early.current, False)


def test_only_the_first_epoch_follows_an_earlier_run() -> None:
    """After a clear nothing of an earlier run may be used in any way."""
    numbers = shared_epoch()
    workers = [Epoch(numbers) for _ in range(2)]
    assert [worker.is_first for worker in workers] == [True, True]
    workers[0].advance()
    assert [worker.is_first for worker in workers] == [False, False]


def test_two_servers_have_different_epochs() -> None:
    """What one has stored is of an earlier run to the other."""
    assert Epoch(shared_epoch()).current != Epoch(shared_epoch()).current


def test_an_epoch_holds_every_number_it_is_given() -> None:
    """Nothing is cut off on its way through shared memory."""
    numbers = shared_epoch()
    for _ in range(100):
        Epoch(numbers).advance()
        assert 0 <= Epoch(numbers).current < 2**63


def test_spawned_processes_share_the_epoch() -> None:
    """Begun in any of them, it is begun in all, at once."""
    numbers = shared_epoch()
    here = Epoch(numbers)
    spawn = multiprocessing.get_context("spawn")
    pipe, its_end = spawn.Pipe()
    process = spawn.Process(target=work, args=(numbers, its_end), daemon=True)
    process.start()
    try:
        assert told(pipe) == here.current
        pipe.send(True)
        assert told(pipe) == here.current
        here.advance()
        pipe.send(True)
        assert told(pipe) == here.current
        pipe.send(False)
        process.join(PATIENCE_SECONDS)
        assert process.exitcode == 0
    finally:
        process.kill()
        process.join()
        process.close()


def told(pipe: Connection) -> int:
    """What the worker says next. Fails the test when it says nothing."""
    assert pipe.poll(PATIENCE_SECONDS), "the worker process says nothing"
    number = pipe.recv()
    assert isinstance(number, int)
    return number
