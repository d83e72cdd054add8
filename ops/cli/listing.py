"""Names from the command line and from a file."""

import sys
from collections.abc import Iterable
from pathlib import Path

from ops.cli.exit_code import ExitCode
from ops.cli.failure import CommandError

MAX_FILE_BYTES = 64 * 1024 * 1024


def names_of(words: Iterable[str], source: Path | None) -> list[str]:
    """The words, and the lines of the file; empty lines count for nothing. Raises CommandError."""
    return [*words, *([] if source is None else _lines(source))]


def _lines(source: Path) -> list[str]:
    try:
        raw = _content(source)
        if len(raw) > MAX_FILE_BYTES:
            raise CommandError(f"{source} has more than {MAX_FILE_BYTES} bytes", "split it", ExitCode.USAGE)
        return [line for line in raw.decode().replace("\r\n", "\n").split("\n") if line]
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "it is not UTF-8"
        raise CommandError(
            f"--from {source}: {reason}", "name a file with a key on each line", ExitCode.USAGE
        ) from None


def _content(source: Path) -> bytes:
    if str(source) == "-":
        return sys.stdin.buffer.read(MAX_FILE_BYTES + 1)
    with source.open("rb") as file:
        return file.read(MAX_FILE_BYTES + 1)
