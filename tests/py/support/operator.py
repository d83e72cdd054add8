"""An operator at a shell: runs s3ops and sees what it prints and ends with."""

import json
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from support.programs import clean_environment

ROOT = Path(__file__).parents[3]
S3OPS = (sys.executable, "-m", "ops.cli")

_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class Ran:
    """A command that has ended."""

    code: int
    stdout: str
    stderr: str

    @property
    def data(self) -> Any:
        """What it printed, which must be JSON and nothing else."""
        return json.loads(self.stdout)

    @property
    def pod(self) -> Any:
        """What that says of the one pod that was asked."""
        (pod,) = self.data["pods"]
        return pod


@dataclass(frozen=True, slots=True)
class Operator:
    """Runs commands in `folder`, with an environment of its own and `env`."""

    folder: Path
    env: Mapping[str, str]

    def run(self, *words: str, stdin: str = "", **env: str) -> Ran:
        """Run s3ops with its output into pipes."""
        done = subprocess.run(
            [*S3OPS, *words],
            input=stdin,
            capture_output=True,
            text=True,
            check=False,
            cwd=self.folder,
            env=self.environment() | env,
            timeout=_SECONDS,
        )
        return Ran(done.returncode, done.stdout, done.stderr)

    def environment(self) -> dict[str, str]:
        """What a command finds in its environment."""
        return clean_environment(self.folder) | {"PYTHONPATH": str(ROOT), "LC_ALL": "C.UTF-8"} | dict(self.env)
