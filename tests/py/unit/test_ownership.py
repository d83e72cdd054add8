"""What is said of a folder that cannot be written."""

import errno
import os
from pathlib import Path

import pytest

from sidecar.ownership import why_not_writable

DENIED = PermissionError(errno.EACCES, "Permission denied")


@pytest.mark.skipif(os.geteuid() != 0, reason="only root gives folders away")
def test_a_folder_of_somebody_else(tmp_path: Path) -> None:
    """Both users are named, and both ways out."""
    os.chown(tmp_path, 1000, 1000)
    assert why_not_writable(tmp_path, DENIED) == (
        "Permission denied: it belongs to user 1000, and this process is user 0; "
        "give it to that user (chown 0), or run the container as its owner (--user 1000)"
    )


@pytest.mark.parametrize(
    ("folder", "error", "expected"),
    [
        ("own", DENIED, "Permission denied"),
        ("missing", DENIED, "Permission denied"),
        ("own", OSError(errno.EROFS, "Read-only file system"), "Read-only file system"),
        ("own", OSError("odd"), "odd"),
    ],
    ids=["own-folder", "no-folder", "another-error", "no-words-of-the-system"],
)
def test_another_reason(tmp_path: Path, folder: str, error: OSError, expected: str) -> None:
    """Where the owner is not what is in the way, nothing is said of it."""
    (tmp_path / "own").mkdir()
    assert why_not_writable(tmp_path / folder, error) == expected
