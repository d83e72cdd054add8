"""A log file that several processes write to, a new one each day (UTC)."""

import fcntl
import os
import re
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sidecar.clock import Clock

KEPT_DAYS: Final = 14
"""How many files of earlier days are kept."""

_PIECE_BYTES: Final = 256 * 1024
_DAY: Final = re.compile(r"\.\d{4}-\d{2}-\d{2}")


class DailyFile:
    """The file at `path`. That of another day is named after it, as in `access.log.2026-11-22`, by whoever comes first.

    A piece is appended by one call, so that pieces of several processes never mix. Nothing is remembered: the file's
    own time of modification says of which day it is, and another file under its name is gone over to.
    """

    piece_bytes = _PIECE_BYTES

    def __init__(self, path: Path, clock: "Clock", *, kept_days: int = KEPT_DAYS) -> None:
        self.name = path.name
        self._path = path
        self._clock = clock
        self._kept_days = kept_days
        self._descriptor: int | None = None
        self._is_torn = False

    def write(self, data: bytes) -> None:
        """Append whole lines to the file of today. Raises OSError."""
        descriptor = self._current()
        if self._is_torn:  # a full disk has taken half a line
            data = b"\n" + data
        while data:
            written = os.write(descriptor, data)
            self._is_torn = not data[:written].endswith(b"\n")
            data = data[written:]

    def close(self) -> None:
        """Close the file."""
        descriptor, self._descriptor = self._descriptor, None
        if descriptor is not None:
            os.close(descriptor)

    def _current(self) -> int:
        if self._is_of_another_day():
            self._rotate()
        if self._descriptor is None or not self._is_at_its_name(self._descriptor):
            self.close()
            self._descriptor = os.open(self._path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o666)
            self._is_torn = False
        return self._descriptor

    def _is_at_its_name(self, descriptor: int) -> bool:
        try:
            return os.path.samestat(self._path.stat(), os.fstat(descriptor))
        except FileNotFoundError:
            return False

    def _is_of_another_day(self) -> bool:
        with suppress(FileNotFoundError):
            found = self._path.stat()
            return found.st_size > 0 and _day(found.st_mtime) < _day(self._clock.now())
        return False

    def _rotate(self) -> None:
        """Name the file after its day, unless another process has just done so."""
        folder = os.open(self._path.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            fcntl.flock(folder, fcntl.LOCK_EX)
            if self._is_of_another_day():
                successor = self._path.with_name(f"{self.name}.{_day(self._path.stat().st_mtime)}")
                if not successor.exists():  # else a clock was set: the file goes on
                    self._path.rename(successor)
                    _remove_oldest(self._path, self._kept_days)
        finally:
            os.close(folder)


def _remove_oldest(path: Path, kept: int) -> None:
    for old in _of_earlier_days(path)[:-kept]:
        with suppress(FileNotFoundError):
            old.unlink()


def _of_earlier_days(path: Path) -> "Sequence[Path]":
    """The oldest first."""
    return sorted(found for found in path.parent.glob(f"{path.name}.*") if _DAY.fullmatch(found.name[len(path.name) :]))


def _day(timestamp: float) -> str:
    return datetime.fromtimestamp(timestamp, UTC).strftime("%Y-%m-%d")
