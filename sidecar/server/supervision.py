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
from typing import Any

from sanic.exceptions import ServerKilled
from sanic.worker.constants import ProcessState
from sanic.worker.manager import WorkerManager

logger = logging.getLogger(__name__)

_LOOK_SECONDS = 0.1
_FIRST_DELAY_SECONDS = 0.2
_LONGEST_DELAY_SECONDS = 30.0
_MOST_DOUBLINGS = 8
_STEADY_SECONDS = 60.0
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


def supervise(manager: WorkerManager, stop_accepting: Callable[[], None]) -> None:
    """Take `manager` in hand before it starts its workers; `stop_accepting` is called when it shuts down."""
    _stop_while_starting(manager)
    _kill_only_own(manager)
    _stop_accepting_first(manager, stop_accepting)
    threading.Thread(target=_watch, args=(manager,), name="supervisor", daemon=True).start()


def _stop_while_starting(manager: WorkerManager) -> None:
    """A SIGTERM before all workers are ready would be put back into the queue for ever."""
    all_ready: Callable[[], bool] = manager._all_workers_ack  # noqa: SLF001 - see the module's docstring
    replace(manager, "_all_workers_ack", lambda: manager._shutting_down or all_ready())  # noqa: SLF001 - likewise


def _kill_only_own(manager: WorkerManager) -> None:
    """Sanic would kill the whole process group, which may hold the shell or `make` that began us."""

    def kill() -> None:
        for process in manager.processes:
            with suppress(ProcessLookupError):
                os.kill(process.pid, signal.SIGKILL)
        raise ServerKilled

    replace(manager, "kill", kill)


def _stop_accepting_first(manager: WorkerManager, stop_accepting: Callable[[], None]) -> None:
    shutdown: Callable[[], None] = manager.shutdown

    def drain() -> None:
        stop_accepting()
        shutdown()

    replace(manager, "shutdown", drain)


def replace(manager: WorkerManager, name: str, function: Callable[..., Any]) -> None:
    """Replace a method of this one manager; raises AttributeError when Sanic no longer has it."""
    getattr(manager, name)
    setattr(manager, name, function)


def _watch(manager: WorkerManager) -> None:
    crashes: dict[str, Crashes] = {}
    pause = threading.Event()
    while not manager._shutting_down:  # noqa: SLF001 - see the module's docstring
        for process in tuple(manager.transient_processes):
            if process.state in _ENDED:
                _revive(manager, process, crashes.setdefault(process.name, Crashes()))
        pause.wait(_LOOK_SECONDS)


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
