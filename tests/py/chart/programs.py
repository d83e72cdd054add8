"""Genuine Helm, kubectl and checkov, which `make test` puts beside the tests' Python."""

import subprocess
import sys
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from tempfile import gettempdir

from support.programs import clean_environment

HELMS = ("helm-3", "helm-4")
_SECONDS = 120.0


class ProgramError(RuntimeError):
    """A program refused; the message is what it wrote to stderr."""


def run(name: str, *words: str, env: Mapping[str, str] | None = None) -> str:
    """What a program of the environment prints; raises ProgramError when it ends with another code than 0."""
    program = Path(sys.prefix) / name
    if not program.exists():
        raise FileNotFoundError(f"{program} is missing; `make test` installs what the tests need")
    environment = clean_environment(Path(gettempdir())) | dict(env or {})
    done = subprocess.run(
        [str(program), *words], env=environment, capture_output=True, text=True, check=False, timeout=_SECONDS
    )
    if done.returncode:
        raise ProgramError(f"{done.stderr}{done.stdout}")
    return done.stdout


def helm(version: str, *words: str) -> str:
    """What Helm prints; `version` is one of `HELMS`. Raises ProgramError."""
    return run(f"chart/{version}", *words)


@cache
def kustomize(folder: Path) -> str:
    """What `kubectl kustomize` makes of a folder."""
    return run("chart/kubectl", "kustomize", str(folder))
