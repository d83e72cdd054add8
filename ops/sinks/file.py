"""Records in a file: a JSON document on each line."""

import contextlib
import errno
import json
import os
import stat
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ops.records import Record
from ops.sinks.base import Delivery, SinkUnavailableError
from ops.sinks.document import document_of
from ops.sinks.hand import Hand

LONGEST_BYTES = 100 * 1024 * 1024
"""After which a file is put aside as FILE.1."""

MOST_FILES = 10
"""With the one that is written: a gigabyte in all."""

_APPEND = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC | os.O_NONBLOCK | os.O_NOCTTY
_MODE = 0o640
_encode = json.JSONEncoder(check_circular=False).encode


class FileSink:
    """Appends to `path`. What is no regular file, such as a pipe, is written to as far as it takes anything.

    A file that was moved away or deleted meanwhile is made anew.
    """

    name = "file"

    def __init__(self, path: Path, longest_bytes: int = LONGEST_BYTES) -> None:
        self._path = path
        self._longest_bytes = longest_bytes
        self._file: int | None = None
        self._is_torn = False
        self._hand = Hand("record file")

    async def start(self) -> None:
        """Open it."""
        await self._do(self._open)

    async def write(self, batch: Sequence[Record]) -> Delivery:
        """Append a line for each; when that fails, none of them is there."""
        await self._do(lambda: self._append(b"".join(line_of(record) for record in batch)))
        return Delivery(len(batch))

    async def close(self) -> None:
        """Close it."""
        with contextlib.suppress(SinkUnavailableError):
            await self._do(self._close)

    async def _do(self, work: Any) -> None:
        try:
            await self._hand.do(work)
        except OSError as error:
            raise SinkUnavailableError(f"{self._path} cannot be written: {error.strerror}") from error

    def _open(self) -> None:
        self._close()
        self._file = os.open(self._path, _APPEND, _MODE)

    def _close(self) -> None:
        if self._file is not None:
            file, self._file = self._file, None
            os.close(file)

    def _append(self, lines: bytes) -> None:
        if self._file is None or self._is_elsewhere(self._file):
            self._open()
        assert self._file is not None  # noqa: S101 - just opened
        begun = os.fstat(self._file)
        if stat.S_ISREG(begun.st_mode) and 0 < begun.st_size > self._longest_bytes - len(lines):
            self._rotate()
            self._append(lines)
            return
        left = memoryview(b"\n" + lines if self._is_torn else lines)
        try:
            while left:
                left = left[os.write(self._file, left) :]
        except OSError:
            self._take_back(begun)
            raise
        self._is_torn = False

    def _take_back(self, begun: os.stat_result) -> None:
        """Leave no half of a batch behind, which would be there twice later; a pipe has no way back."""
        self._is_torn = True
        if self._file is not None and stat.S_ISREG(begun.st_mode):
            with contextlib.suppress(OSError):
                os.ftruncate(self._file, begun.st_size)
                self._is_torn = False

    def _is_elsewhere(self, file: int) -> bool:
        try:
            there = self._path.stat()
        except FileNotFoundError:
            return True
        own = os.fstat(file)
        return (there.st_dev, there.st_ino) != (own.st_dev, own.st_ino)

    def _rotate(self) -> None:
        """Put the file aside; the oldest goes."""
        self._close()
        names = [self._path, *(Path(f"{self._path}.{number}") for number in range(1, MOST_FILES))]
        for older, newer in zip(reversed(names), reversed(names[:-1]), strict=False):
            with contextlib.suppress(FileNotFoundError):
                newer.replace(older)


def line_of(record: Record) -> bytes:
    """The record's line, in ASCII: nothing a client sends ends it early."""
    document = document_of(record)
    document["created"] = document["created"].isoformat()
    return (_encode(document) + "\n").encode()


def check(path: Path) -> None:
    """See whether the file can be written, and make it. Raises OSError."""
    try:
        os.close(os.open(path, _APPEND, _MODE))
    except OSError as error:
        if error.errno != errno.ENXIO:  # a pipe that nobody reads yet
            raise
