"""When a worker that crashed starts again, and what this leans on in Sanic."""

import multiprocessing
import signal
from collections.abc import Iterator
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sanic.exceptions import ServerKilled
from sanic.worker.constants import ProcessState
from sanic.worker.manager import WorkerManager
from sanic.worker.process import WorkerProcess

from sidecar.server.supervision import Crashes, replace, supervise

LONGEST_SECONDS = 30.0
STEADY_SECONDS = 60.0
BOOT = 1000.0

MANAGER_NAMES = (
    "_all_workers_ack",
    "_shutting_down",
    "kill",
    "monitor_publisher",
    "processes",
    "shutdown",
    "transient_processes",
)
PROCESS_NAMES = ("exitcode", "name", "pid", "state")


@pytest.fixture
def manager() -> Iterator[Any]:
    """Sanic's manager of one worker that is never started; it claims signals, which are given back."""
    handlers = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    context = multiprocessing.get_context("spawn")
    ends = context.Pipe()
    yield WorkerManager(1, print, {}, context, ends, {})
    for number, handler in handlers.items():
        signal.signal(number, handler)
    for end in ends:
        end.close()


def _delays(count: int, *, each_lives_seconds: float = 1.0) -> list[float]:
    """The delays of a worker that crashes again and again."""
    crashes, now, delays = Crashes(), BOOT, []
    for _ in range(count):
        delay = crashes.crashed(now)
        delays.append(delay)
        now += delay
        crashes.restarted(now)
        now += each_lives_seconds
    return delays


def test_the_first_restart_comes_at_once() -> None:
    """One crash costs a fraction of a second."""
    assert Crashes().crashed(BOOT) == pytest.approx(0.2)


def test_delays_grow() -> None:
    """Each crash in a row doubles the delay."""
    assert _delays(5) == pytest.approx([0.2, 0.4, 0.8, 1.6, 3.2])


def test_delays_are_capped() -> None:
    """A worker that never lives is tried twice a minute, however many days it takes (also after 1024 doublings)."""
    delays = _delays(3000)
    assert delays[-1] == LONGEST_SECONDS
    assert all(earlier <= later <= LONGEST_SECONDS for earlier, later in pairwise(delays))


def test_a_steady_minute_forgives() -> None:
    """A worker that lived for more than a minute starts from the beginning."""
    crashes = Crashes()
    for _ in range(5):
        crashes.crashed(BOOT)
        crashes.restarted(BOOT)
    assert crashes.crashed(BOOT + STEADY_SECONDS) > 1
    assert crashes.crashed(BOOT + STEADY_SECONDS + 0.1) == pytest.approx(0.2)


def test_restart_at() -> None:
    """A crash sets when to restart, and a restart takes it away."""
    crashes = Crashes()
    delay = crashes.crashed(BOOT)
    assert crashes.restart_at == BOOT + delay
    crashes.restarted(BOOT + delay)
    assert crashes.restart_at is None


@given(st.lists(st.floats(0, 200), max_size=50))
def test_delays_stay_within_bounds(lives: list[float]) -> None:
    """However long each life was, the next begins after 0.2 to 30 seconds."""
    crashes, now = Crashes(), BOOT
    for seconds in lives:
        delay = crashes.crashed(now)
        assert 0.2 <= delay <= LONGEST_SECONDS
        crashes.restarted(now + delay)
        now += delay + seconds


@pytest.mark.parametrize("name", MANAGER_NAMES)
def test_the_manager_has(manager: Any, name: str) -> None:
    """Sanic's manager still has what supervision uses."""
    assert hasattr(manager, name)


@pytest.mark.parametrize("name", PROCESS_NAMES)
def test_a_process_has(manager: Any, name: str) -> None:
    """Sanic's processes still have what supervision uses."""
    assert hasattr(WorkerProcess, name) or hasattr(next(iter(manager.transient_processes)), name)


@pytest.mark.parametrize("state", ["FAILED", "COMPLETED", "RESTARTING"])
def test_states(state: str) -> None:
    """Sanic still tells the ends of a process apart by these states."""
    assert state in ProcessState.__members__


def test_replace(manager: Any) -> None:
    """A method of this one manager is replaced, and no other manager's."""
    replace(manager, "shutdown", lambda: "replaced")
    assert manager.shutdown() == "replaced"
    assert WorkerManager.__dict__["shutdown"](manager) is None


def test_replace_what_is_gone(manager: Any) -> None:
    """A name that Sanic no longer has fails when the server starts, not when it is needed."""
    with pytest.raises(AttributeError, match="_gone"):
        replace(manager, "_gone", print)


def test_shutdown_stops_accepting_first(manager: Any) -> None:
    """No connection is accepted once the workers are told to end."""
    seen: list[bool] = []
    supervise(manager, lambda: seen.append(manager._shutting_down))  # noqa: SLF001 - the very name that is used
    manager.shutdown()
    assert seen == [False]
    assert manager._shutting_down  # noqa: SLF001 - likewise


def test_shutdown_while_starting(manager: Any) -> None:
    """A manager that shuts down no longer waits for workers that never get ready."""
    supervise(manager, lambda: None)
    assert not manager._all_workers_ack()  # noqa: SLF001 - the very name that is used
    signal.raise_signal(signal.SIGTERM)
    assert manager._all_workers_ack()  # noqa: SLF001 - likewise


def test_kill_ends_the_manager(manager: Any) -> None:
    """When the workers have been killed there is nothing to go on with."""
    supervise(manager, lambda: None)
    with pytest.raises(ServerKilled):
        manager.kill()
    manager.shutdown()
