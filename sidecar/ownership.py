"""Why a folder cannot be written, and what to do: most often a container runs as another user than owns the folder."""

import os
from pathlib import Path


def why_not_writable(folder: Path, error: OSError) -> str:
    """The error in words, with the folder's owner and this process's user where that is what is in the way."""
    reason = error.strerror or str(error)
    owner = _owner(folder)
    user = os.geteuid()
    if not isinstance(error, PermissionError) or owner is None or owner == user:
        return reason
    return (
        f"{reason}: it belongs to user {owner}, and this process is user {user}; "
        f"give it to that user (chown {user}), or run the container as its owner (--user {owner})"
    )


def _owner(folder: Path) -> int | None:
    try:
        return folder.stat().st_uid
    except OSError:
        return None
