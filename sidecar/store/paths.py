"""Names of the files in the cache directory, and the directory itself."""

import os
import re
import secrets
from pathlib import Path

from sidecar.cache.key import CacheKey
from sidecar.cache.ports import Turn
from sidecar.errors import SettingsError
from sidecar.ownership import why_not_writable

_BODY = re.compile(r"[0-9a-f]{64}")
_UNFINISHED = re.compile(r"[0-9a-f]{64}\.[0-9a-f]+\.[0-9a-f]+\.part")
CLEAR_MARK = "clear"
"""The file that stands while what was cleared is being removed."""

PRIVATE_DIRECTORY = 0o700


def body_name(key: CacheKey) -> str:
    """The file of a stored body."""
    return key.digest


def part_name(key: CacheKey, turn: Turn) -> str:
    """The file of a body that is being written."""
    return f"{key.digest}.{turn.epoch:x}.{turn.generation:x}.part"


def is_unfinished(name: str) -> bool:
    """Whether a file of this name is a body that was being written."""
    return _UNFINISHED.fullmatch(name) is not None


def is_body(name: str) -> bool:
    """Whether a file of this name is a stored body."""
    return _BODY.fullmatch(name) is not None


def prepare_directory(directory: Path) -> None:
    """Make sure that bodies can be written there; raises SettingsError, saying what is in the way."""
    probe = directory / f"{'0' * 64}.{secrets.token_hex(8)}.0.part"
    try:
        directory.mkdir(mode=PRIVATE_DIRECTORY, parents=True, exist_ok=True)
        os.close(os.open(probe, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_NOFOLLOW, 0o600))
        probe.unlink()
    except OSError as error:
        reason = why_not_writable(directory, error)
        raise SettingsError((f"--cache-dir cannot be used: {directory}: {reason}",)) from error
