"""The end of a log file, and what is written to it from then on, over rotations."""

import os
import time
from collections.abc import Generator
from pathlib import Path
from typing import BinaryIO

MAX_TAIL_BYTES = 8 * 1024 * 1024
MAX_LINE_BYTES = 256 * 1024
_BLOCK_BYTES = 64 * 1024
_LOOK_SECONDS = 0.25


def last_lines(file: BinaryIO, wanted: int) -> list[str]:
    """The last lines, of at most 8 MiB; the file is at its end afterwards."""
    end = file.seek(0, os.SEEK_END)
    start, tail = end, b""
    while start > 0 and tail.count(b"\n") <= wanted and len(tail) < MAX_TAIL_BYTES:
        step = min(_BLOCK_BYTES, start)
        start = file.seek(start - step)
        tail = file.read(step) + tail
    file.seek(end)
    lines = tail.decode(errors="replace").split("\n")
    whole = lines[:-1] if lines[-1] == "" else lines
    return whole[-wanted:] if wanted else []


def follow(path: Path, file: BinaryIO) -> Generator[str, None, None]:
    """Every line from the file's position on, for ever; a new file under the name is gone over to. Closes the file."""
    pending = b""
    try:
        while True:
            block = file.read(_BLOCK_BYTES)
            if block:
                *lines, pending = (pending + block).split(b"\n")
                pending = pending[:MAX_LINE_BYTES]
                yield from (line.decode(errors="replace") for line in lines)
            elif (successor := _successor(path, file)) is not None:
                file.close()
                file = successor
            else:
                time.sleep(_LOOK_SECONDS)
    finally:
        file.close()


def _successor(path: Path, file: BinaryIO) -> BinaryIO | None:
    """The file that has taken the name over, from its beginning; None when there is none."""
    try:
        now, known = path.stat(), os.fstat(file.fileno())
        if now.st_ino == known.st_ino:
            if now.st_size < file.tell():
                file.seek(0)
            return None
        return path.open("rb")
    except FileNotFoundError:
        return None
