"""A program that a test runs, in a session of its own so that all of it can be found and ended."""

import os
import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Self

from support.guardian import guardian
from support.session import alive_in_session, has_ended_within, kill_session
from support.until import PATIENCE_SECONDS

_POLL_SECONDS = 0.01
_TAIL_LINES = 40


class ProcessFailedError(RuntimeError):
    """A program ended, or was not ready in time; the message ends with the tail of its log."""


class Process:
    """A running program, started by the constructor; leaving it as a context manager kills its whole session.

    Its standard output and error go to the file `log`.
    """

    def __init__(self, argv: Sequence[str], *, log: Path, env: Mapping[str, str], cwd: Path) -> None:
        self.argv = tuple(argv)
        self._log = log
        watcher = guardian()  # before there is anything to watch
        with log.open("wb") as output:
            self._popen = subprocess.Popen(
                self.argv,
                env=env,
                cwd=cwd,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        self._is_gone = False
        watcher.watch(self.pid)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.kill()

    @property
    def pid(self) -> int:
        """The leader's process id, which is the session's and the process group's too."""
        return self._popen.pid

    @property
    def exit_code(self) -> int | None:
        """The leader's exit code, minus the signal's number when one ended it; None while it runs."""
        if self._popen.returncode is not None:
            return self._popen.returncode
        # Not reaped before `kill`, so that its number, the session's, cannot be given to a stranger meanwhile.
        end = os.waitid(os.P_PID, self.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT)
        if end is None:
            return None
        return end.si_status if end.si_code == os.CLD_EXITED else -end.si_status

    def log(self) -> str:
        """Return everything written so far."""
        return self._log.read_text(errors="replace")

    def descendants(self) -> list[int]:
        """List the process ids alive in the session, the leader left out; still right after the leader has ended."""
        return [] if self._is_gone else [pid for pid in alive_in_session(self.pid) if pid != self.pid]

    def leftovers(self, timeout: float = PATIENCE_SECONDS) -> list[int]:
        """Wait for the descendants to end, and list those that are alive after `timeout` seconds.

        Some end a moment after their leader: multiprocessing's resource tracker waits for the end of a pipe.
        """
        deadline = time.monotonic() + timeout
        return [pid for pid in self.descendants() if not has_ended_within(pid, max(0, deadline - time.monotonic()))]

    def wait_until(self, ready: Callable[[], bool], timeout: float = PATIENCE_SECONDS) -> None:
        """Poll for readiness of a program that has no better way to tell.

        Raises ProcessFailedError when the program ends first or `timeout` seconds have passed.
        """
        deadline = time.monotonic() + timeout
        while not ready():
            if self.exit_code is not None:
                raise self._failure(f"ended with {self.exit_code}")
            if time.monotonic() > deadline:
                raise self._failure(f"is not ready after {timeout} s")
            time.sleep(_POLL_SECONDS)

    def send(self, number: signal.Signals) -> None:
        """Send a signal to the leader alone; nothing happens when it has ended."""
        if self._popen.returncode is None:
            os.kill(self.pid, number)

    def wait(self, timeout: float = PATIENCE_SECONDS) -> int:
        """Return the exit code once the leader has ended; raises ProcessFailedError after `timeout` seconds."""
        if self.exit_code is None:
            has_ended_within(self.pid, timeout)
        code = self.exit_code
        if code is None:
            raise self._failure(f"has not ended after {timeout} s")
        return code

    def terminate(self, number: signal.Signals = signal.SIGTERM, timeout: float = 15) -> int:
        """Ask the leader to end, and return its exit code; raises ProcessFailedError after `timeout` seconds.

        What the leader leaves behind is not touched, so that a test can see it in `descendants`.
        """
        self.send(number)
        return self.wait(timeout)

    def kill(self) -> None:
        """End everything in the session at once; does nothing when that was done before."""
        if self._is_gone:
            return
        os.killpg(self.pid, signal.SIGKILL)
        kill_session(self.pid)
        self._popen.wait()
        self._is_gone = True
        with suppress(BrokenPipeError):
            guardian().forget(self.pid)

    def pause(self) -> None:
        """Stop the process group, and return when the leader stands still."""
        self._signal_group(signal.SIGSTOP)
        os.waitid(os.P_PID, self.pid, os.WSTOPPED | os.WEXITED | os.WNOWAIT)

    def resume(self) -> None:
        """Let the process group run on after `pause`."""
        self._signal_group(signal.SIGCONT)

    def _signal_group(self, number: signal.Signals) -> None:
        if self.exit_code is not None:
            raise self._failure(f"ended with {self.exit_code}")
        os.killpg(self.pid, number)

    def _failure(self, what: str) -> ProcessFailedError:
        tail = "\n".join(self.log().splitlines()[-_TAIL_LINES:])
        return ProcessFailedError(f"{Path(self.argv[0]).name} {what}; its log ends:\n{tail}")
