"""A session of processes: everything a program started with `start_new_session=True` has started in turn."""

import os
import select
import signal
from contextlib import suppress
from pathlib import Path

_ZOMBIE = "Z"
_DEATH_SECONDS = 5.0


def alive_in_session(session: int) -> list[int]:
    """List the process ids of the session, its leader included and zombies not, in ascending order."""
    pids = sorted(int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdigit())
    return [pid for pid in pids if _is_alive_in(session, pid)]


def kill_session(session: int) -> None:
    """SIGKILL everything in the session and wait for its end; raises TimeoutError when a process does not end.

    Repeats until nothing is found, for a process may have forked while the others were killed.
    """
    while pids := alive_in_session(session):
        for pid in pids:
            with suppress(ProcessLookupError):
                _kill(session, pid)


def has_ended_within(pid: int, seconds: float) -> bool:
    """Wait for the end of a process, and tell whether it came in time; it need not be reaped for that."""
    try:
        descriptor = os.pidfd_open(pid)
    except ProcessLookupError:
        return True
    try:
        return _ends_within(descriptor, seconds)
    finally:
        os.close(descriptor)


def _is_alive_in(session: int, pid: int) -> bool:
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except OSError:  # it has just ended
        return False
    # The name before the last parenthesis may itself hold spaces and parentheses.
    state, _parent, _group, its_session = stat.rpartition(")")[2].split()[:4]
    return state != _ZOMBIE and int(its_session) == session


def _kill(session: int, pid: int) -> None:
    # Through a descriptor, which still means the same process if the number has been given to another one.
    descriptor = os.pidfd_open(pid)
    try:
        if not _is_alive_in(session, pid):
            return
        signal.pidfd_send_signal(descriptor, signal.SIGKILL)
        if not _ends_within(descriptor, _DEATH_SECONDS):
            raise TimeoutError(f"process {pid} survives SIGKILL")
    finally:
        os.close(descriptor)


def _ends_within(descriptor: int, seconds: float) -> bool:
    poll = select.poll()
    poll.register(descriptor, select.POLLIN)
    return bool(poll.poll(seconds * 1000))
