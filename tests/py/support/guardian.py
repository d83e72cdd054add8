"""A guardian that ends what the tests started when the test runner can no longer do so itself.

Fixtures stop what they started when a test fails or Ctrl-C is pressed, but not when the runner is killed. The guardian
is a process of its own that is told of every session through a pipe; the pipe ends with the runner, however it ends.
"""

import atexit
import subprocess
import sys
from functools import cache
from pathlib import Path

from support.session import kill_session


class Guardian:
    """A running guardian; `close` ends it and everything still watched."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-S", "-m", "support.guardian"],
            cwd=Path(__file__).parents[1],
            stdin=subprocess.PIPE,
            start_new_session=True,  # a terminal's Ctrl-C is not for the guardian
            text=True,
        )

    def watch(self, session: int) -> None:
        """End this session when the test runner ends."""
        self._tell(f"watch {session}")

    def forget(self, session: int) -> None:
        """Leave this session alone: it has ended, and its number may be given to another one."""
        self._tell(f"forget {session}")

    def close(self) -> None:
        """End everything that is watched, and the guardian."""
        self._process.communicate()

    def _tell(self, line: str) -> None:
        pipe = self._process.stdin
        if pipe is None:
            raise RuntimeError("the guardian has no pipe")
        pipe.write(f"{line}\n")
        pipe.flush()


@cache
def guardian() -> Guardian:
    """Return the guardian of this test runner, started at first use."""
    started = Guardian()
    atexit.register(started.close)
    return started


def main() -> None:
    """Listen until the runner ends, then end every session that was not forgotten."""
    watched: set[int] = set()
    for line in sys.stdin:
        verb, session = line.split()
        (watched.add if verb == "watch" else watched.discard)(int(session))
    for session in watched:
        kill_session(session)


if __name__ == "__main__":
    main()
