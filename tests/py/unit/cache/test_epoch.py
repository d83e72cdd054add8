"""One number that all workers see."""

import multiprocessing
from ctypes import c_uint64
from multiprocessing.connection import Connection

from sidecar.cache.epoch import Epoch, new_epoch, shared_epoch

PATIENCE_SECONDS = 30.0


def sharing(number: c_uint64) -> Epoch:
    """A worker's view of it."""
    epoch = Epoch()
    epoch.share(number)
    return epoch


def work(number: c_uint64, parent: Connection) -> None:
    """Be a worker process: tell the epoch, and whenever asked to go on, begin another and tell that too."""
    epoch = sharing(number)
    parent.send(epoch.current)
    while parent.recv():
        epoch.advance()
        parent.send(epoch.current)


def test_no_two_epochs_are_the_same() -> None:
    """A number that came again would bring back what was cleared."""
    assert len({new_epoch() for _ in range(1000)}) == 1000


def test_an_epoch_is_its_own_until_it_is_shared() -> None:
    """A worker that shares nothing still has one, and can begin another."""
    one, other = Epoch(), Epoch()
    before = one.current
    assert before != other.current
    one.advance()
    assert one.current != before


def test_an_epoch_begins_for_all_who_share_it() -> None:
    """None of them needs to be told."""
    number = shared_epoch()
    workers = [sharing(number) for _ in range(3)]
    before = workers[0].current
    workers[1].advance()
    assert len({worker.current for worker in workers}) == 1
    assert workers[2].current != before


def test_sharing_forgets_the_number_of_its_own() -> None:
    """A worker that starts late sees the epoch that the others are in."""
    number = shared_epoch()
    sharing(number).advance()
    assert sharing(number).current == number.value


def test_an_epoch_holds_every_number_it_is_given() -> None:
    """Nothing is cut off on its way through shared memory."""
    number = shared_epoch()
    for _ in range(100):
        sharing(number).advance()
        assert 0 <= number.value < 2**63


def test_spawned_processes_share_the_epoch() -> None:
    """Begun in any of them, it is begun in all, at once."""
    number = shared_epoch()
    here = sharing(number)
    spawn = multiprocessing.get_context("spawn")
    pipe, its_end = spawn.Pipe()
    process = spawn.Process(target=work, args=(number, its_end), daemon=True)
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
