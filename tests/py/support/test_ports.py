"""Ports are given to one test process at a time, and once."""

import json
import subprocess
import sys
from pathlib import Path

from support.ports import free_ports

ANOTHER = "import json; from support.ports import free_ports; print(json.dumps(free_ports(1000)))"
"""So many that some would be found twice if nobody saw to it: without a claim all of ours are free here."""


def test_no_other_process_is_given_the_same() -> None:
    """Though nobody listens there yet."""
    ours = {port for _ in range(100) for port in free_ports(2)}
    assert len(ours) == 200
    argv = [sys.executable, "-c", ANOTHER]
    said = subprocess.run(argv, cwd=Path(__file__).parents[1], capture_output=True, text=True, check=True).stdout
    assert ours.isdisjoint(json.loads(said))
