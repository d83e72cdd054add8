"""Files that a script of this project makes: written anew, or looked at for whether they are current."""  # noqa: INP001 - beside a script

import argparse
import sys
from collections.abc import Callable, Mapping
from pathlib import Path


def write_or_check(root: Path, made: Callable[[], Mapping[Path, str]], about: str) -> None:
    """Write the files that have changed; with --check exit with 1 when one is not what would be written.

    `made` gives their paths, all below `root`, and texts; `about` is the program's help.
    """
    parser = argparse.ArgumentParser(description=about)
    parser.add_argument("--check", action="store_true", help="write nothing; exit with 1 if a file is not current")
    is_check = parser.parse_args().check
    stale = {path: text for path, text in made().items() if not path.exists() or path.read_text() != text}
    if is_check:
        sys.exit("\n".join(f"{path.relative_to(root)} is not current: make docs" for path in stale) or 0)
    for path, text in stale.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
