"""What Sanic's worker manager leaves undone: restart what crashed, stop cleanly at any moment, kill nobody else.

Private names of Sanic 25.12 are used here and nowhere else; `tests/py/lifecycle` fails when one of them moves.
"""

import logging
import os
import signal
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from types import FrameType
from typing import Any

from sanic.exceptions import ServerKilled
from sanic.mixins import startup
from sanic.worker.constants import ProcessState
from sanic.worker.manager import WorkerManager

from sidecar.server.states import StatesOfWorkers

logger = logging.getLogger(__name__)

_LOOK_SECONDS = 0.1
_FIRST_DELAY_SECONDS = 0.2
_LONGEST_DELAY_SECONDS = 30.0
_MOST_DOUBLINGS = 8
_STEADY_SECONDS = 60.0
STOP_SIGNALS = frozenset({signal.SIGINT, signal.SIGTERM})
_ENDED = frozenset({ProcessState.FAILED, ProcessState.COMPLETED})


@dataclass(slots=True)
class Crashes:
    """The crashes of one worker, and when it may start again: at once at first, later with growing delays."""

    in_a_row: int = 0
    started_at: float = 0.0
    restart_at: float | None = None

    def crashed(self, now: float) -> float:
        """Note a crash; returns the delay in seconds until the restart."""
        self.in_a_row = 0 if now - self.started_at > _STEADY_SECONDS else min(self.in_a_row + 1, _MOST_DOUBLINGS)
        delay: float = min(_FIRST_DELAY_SECONDS * 2**self.in_a_row, _LONGEST_DELAY_SECONDS)
        self.restart_at = now + delay
        return delay

    def restarted(self, now: float) -> None:
        """Note that the worker was started again."""
        self.started_at = now
        self.restart_at = None


@dataclass(frozen=True, slots=True)
class Leaving:
    """What is between a SIGTERM and the shutdown: `announce` is called at once, and so many seconds pass."""

    seconds: float = 0.0
    announce: Callable[[], None] = lambda: None


def supervise(manager: WorkerManager, stop_accepting: Callable[[], None], leaving: Leaving | None = None) -> None:
    """Take `manager` in hand before it starts its workers; `stop_accepting` is called when it shuts down."""
    stopping = threading.Event()
    _kill_only_own(manager)
    _stop_between_steps(manager, stopping, leaving or Leaving())
    _start_shielded(manager, stopping)
    _stop_accepting_first(manager, stop_accepting, stopping)
    threading.Thread(target=_watch, args=(manager, stopping), name="supervisor", daemon=True).start()


def keep_states_here() -> None:
    """Have Sanic keep the workers' states in a thread of this process, not in one more process of 12 MB."""
    replace(startup, "Manager", StatesOfWorkers)


def _stop_between_steps(manager: WorkerManager, stopping: threading.Event, leaving: Leaving) -> None:
    """Let a signal only ask for the shutdown.

    Sanic does it within the signal's handler: its calls to the process that keeps the workers' states then fall into
    the middle of a call that was under way, and one reads the other's answer. And a SIGTERM before all workers are
    ready would be put back into the queue for ever.
    """
    all_ready: Callable[[], bool] = manager._all_workers_ack  # noqa: SLF001 - see the module's docstring
    replace(manager, "_all_workers_ack", lambda: stopping.is_set() or all_ready())

    kill: Callable[[], None] = manager.kill

    has_announced = threading.Event()

    def stop() -> None:
        if not stopping.is_set():
            stopping.set()
            manager.monitor_publisher.send("__TERMINATE__")

    def ask(number: int, _frame: FrameType | None) -> None:
        if stopping.is_set():  # once more means: at once
            with suppress(ServerKilled):
                kill()
        elif number == signal.SIGTERM and leaving.seconds and not has_announced.is_set():
            has_announced.set()
            leaving.announce()
            delay = threading.Timer(leaving.seconds, stop)
            delay.daemon = True
            delay.start()
        else:
            stop()

    for number in STOP_SIGNALS:
        signal.signal(number, ask)


def _start_shielded(manager: WorkerManager, stopping: threading.Event) -> None:
    """Start the workers with signals blocked: they let them through once they can handle them."""
    start: Callable[[], None] = manager.start

    def start_all_or_none() -> None:
        signal.pthread_sigmask(signal.SIG_BLOCK, STOP_SIGNALS)
        try:
            if not stopping.is_set():
                start()
        finally:
            accept_signals()

    replace(manager, "start", start_all_or_none)


def accept_signals() -> None:
    """Let through, from now on, the signals that end this process, and those that have come already."""
    signal.pthread_sigmask(signal.SIG_UNBLOCK, STOP_SIGNALS)


def _kill_only_own(manager: WorkerManager) -> None:
    """Sanic would kill the whole process group, which may hold the shell or `make` that began us."""

    def kill() -> None:
        for process in manager.processes:
            with suppress(ProcessLookupError):
                os.kill(process.pid, signal.SIGKILL)
        raise ServerKilled

    replace(manager, "kill", kill)


def _stop_accepting_first(
    manager: WorkerManager, stop_accepting: Callable[[], None], stopping: threading.Event
) -> None:
    shutdown: Callable[[], None] = manager.shutdown

    def drain() -> None:
        stopping.set()
        stop_accepting()
        shutdown()

    replace(manager, "shutdown", drain)


def replace(holder: Any, name: str, function: Callable[..., Any]) -> None:
    """Replace a method of one manager, or what a module calls; raises AttributeError when Sanic no longer has it."""
    getattr(holder, name)
    setattr(holder, name, function)


def _watch(manager: WorkerManager, stopping: threading.Event) -> None:
    crashes: dict[str, Crashes] = {}
    while not stopping.wait(_LOOK_SECONDS):
        for process in tuple(manager.transient_processes):
            if process.state in _ENDED:
                _revive(manager, process, crashes.setdefault(process.name, Crashes()))


def _revive(manager: WorkerManager, process: Any, crashes: Crashes) -> None:
    now = time.monotonic()
    if crashes.restart_at is None:
        delay = crashes.crashed(now)
        logger.error("worker %s ended with %s; restart in %.1f s", process.name, process.exitcode, delay)
    elif now >= crashes.restart_at:
        crashes.restarted(now)
        # The manager's own thread does the restart, so that it never races with a shutdown.
        manager.monitor_publisher.send(f"{process.name}:")
        process.state = ProcessState.RESTARTING
