"""Nothing that a test starts outlives it."""

import subprocess
import sys
from pathlib import Path

import pytest

from support.process import Process, ProcessFailedError
from support.programs import clean_environment
from support.session import has_ended_within

PARENT = """
import subprocess, time
child = subprocess.Popen(["sleep", "1000"])
print("child", child.pid, flush=True)
"""

KILLED_RUNNER = """
import os, signal, sys
from pathlib import Path
from support.process import Process
from support.programs import clean_environment
process = Process(["sleep", "1000"], log=Path("log"), env=clean_environment(Path.cwd()), cwd=Path.cwd())
print(process.pid, flush=True)
os.kill(os.getpid(), signal.SIGKILL)
"""


def run(script: str, folder: Path) -> Process:
    """Start a Python script, with its log in `folder`."""
    return Process([sys.executable, "-c", script], log=folder / "log", env=clean_environment(folder), cwd=folder)


def test_a_child_that_outlives_its_parent_is_seen_and_killed(tmp_path: Path) -> None:
    """A session is known by its number, whether or not its leader is alive."""
    with run(PARENT, tmp_path) as process:
        assert process.wait(10) == 0
        (child,) = process.descendants()
        assert process.leftovers(0) == [child]
        assert process.log() == f"child {child}\n"
    assert has_ended_within(child, 0)
    assert process.descendants() == []


def test_waiting_for_a_process_that_ends_says_so(tmp_path: Path) -> None:
    """The log tells why."""
    with run("raise SystemExit('no such luck')", tmp_path) as process:
        with pytest.raises(ProcessFailedError, match="ended with 1; its log ends:\nno such luck"):
            process.wait_until(lambda: False, 10)
        assert process.terminate() == 1


def test_a_process_that_does_not_end_in_time_is_reported(tmp_path: Path) -> None:
    """The context manager kills it all the same."""
    with (
        run("import signal; signal.pause()", tmp_path) as process,
        pytest.raises(ProcessFailedError, match="not ended"),
    ):
        process.wait(0)
    assert process.exit_code == -9


def test_what_a_killed_test_runner_had_started_ends_with_it(tmp_path: Path) -> None:
    """No fixture can do that: the guardian does."""
    environment = clean_environment(tmp_path) | {"PYTHONPATH": str(Path(__file__).parents[1])}
    runner = subprocess.run(
        [sys.executable, "-c", KILLED_RUNNER], env=environment, cwd=tmp_path, capture_output=True, check=False
    )
    assert runner.returncode == -9, runner.stderr
    assert has_ended_within(int(runner.stdout), 10)
