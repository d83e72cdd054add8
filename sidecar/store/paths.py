"""Names of the files in the cache directory, and the directory itself."""

import os
import re
import secrets
from pathlib import Path

from sidecar.errors import SettingsError

_BODY = re.compile(r"[0-9a-f]{64}")
_UNFINISHED = re.compile(r"[0-9a-f]{64}\.[0-9a-f]{16}\.part")
_PRIVATE = 0o700


def body_name(digest: str) -> str:
    """The file of a stored body."""
    return digest


def unfinished_name(digest: str) -> str:
    """A new file for a body that is being written."""
    return f"{digest}.{secrets.token_hex(8)}.part"


def is_unfinished(name: str) -> bool:
    """Whether a file of this name is a body that was being written."""
    return _UNFINISHED.fullmatch(name) is not None


def is_body(name: str) -> bool:
    """Whether a file of this name is a stored body."""
    return _BODY.fullmatch(name) is not None


def prepare_directory(directory: Path) -> None:
    """Make sure that bodies can be written there; raises SettingsError, saying what is in the way."""
    probe = directory / unfinished_name("0" * 64)
    try:
        directory.mkdir(mode=_PRIVATE, parents=True, exist_ok=True)
        os.close(os.open(probe, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_NOFOLLOW, 0o600))
        probe.unlink()
    except OSError as error:
        raise SettingsError((f"--cache-dir cannot be used: {directory}: {error.strerror or error}",)) from error
