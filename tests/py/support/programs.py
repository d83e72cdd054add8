"""Where the programs that tests start are, and the environment they are started in."""

import os
import shutil
import sysconfig
from pathlib import Path


def find_program(name: str) -> str:
    """Find a program of this Python's environment, or of the system; raises FileNotFoundError."""
    # The environment's own folder first: it need not be activated for its tests to run.
    folders = [sysconfig.get_path("scripts"), *os.get_exec_path()]
    found = shutil.which(name, path=os.pathsep.join(folders))
    if found is None:
        raise FileNotFoundError(f"{name} is not installed; `make test` installs what the tests need")
    return found


def clean_environment(home: Path) -> dict[str, str]:
    """Make an environment with nothing of the caller's but its search path; temporary files go to `home` too."""
    return {"PATH": os.pathsep.join(os.get_exec_path()), "HOME": str(home), "TMPDIR": str(home)}
