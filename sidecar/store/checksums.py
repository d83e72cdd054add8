"""Checksums of a body, one for each block of a mebibyte, so that a part of it can be checked before it is served."""

import os
import zlib
from array import array

BLOCK = 1024 * 1024


def table_length(content_length: int) -> int:
    """Bytes of the table for a body of this length."""
    return -(-content_length // BLOCK) * 4


class ChecksumTable:
    """CRC-32 of every block, built from a body that arrives in order."""

    def __init__(self) -> None:
        self._done = array("I")
        self._current = 0
        self._length = 0

    def add(self, chunk: bytes | memoryview) -> None:
        """Take the next bytes of the body."""
        view = memoryview(chunk)
        while view:
            room = BLOCK - self._length % BLOCK
            self._current = zlib.crc32(view[:room], self._current)
            self._length += min(room, len(view))
            view = view[room:]
            if self._length % BLOCK == 0:
                self._finish_block()

    def encode(self) -> bytes:
        """The table of the whole body, to be called once after its last byte."""
        if self._length % BLOCK:
            self._finish_block()
        return self._done.tobytes()

    def _finish_block(self) -> None:
        self._done.append(self._current)
        self._current = 0


Stamp = tuple[int, int, int]
"""What changes when a file is written to: inode, size, time of modification."""


def stamp_of(descriptor: int) -> Stamp:
    """The stamp of an open file. Raises OSError."""
    found = os.fstat(descriptor)
    return (found.st_ino, found.st_size, found.st_mtime_ns)


class Verification:
    """Which blocks of one unchanged file were found to be right already: one with this stamp."""

    def __init__(self, table: bytes, content_length: int, stamp: Stamp = (0, 0, 0)) -> None:
        self.content_length = content_length
        self.stamp = stamp
        self._expected = array("I", table)
        self._is_right = bytearray(len(self._expected))

    def unverified(self, offset: int, size: int) -> list[int]:
        """The blocks that the bytes from `offset` touch and that were not looked at yet."""
        return [block for block in self.blocks(offset, size) if not self._is_right[block]]

    def blocks(self, offset: int, size: int) -> range:
        """The blocks that the bytes from `offset` touch."""
        last = min((offset + size - 1) // BLOCK, len(self._expected) - 1)
        return range(offset // BLOCK, last + 1)

    def is_right(self, offset: int, size: int) -> bool:
        """Whether all blocks that the bytes from `offset` touch were found right."""
        return all(self._is_right[offset // BLOCK : (offset + size - 1) // BLOCK + 1])

    def verify(self, block: int, content: bytes) -> bool:
        """Whether a block's bytes are the ones that were stored."""
        is_right = zlib.crc32(content) == self._expected[block]
        self._is_right[block] = is_right
        return is_right
