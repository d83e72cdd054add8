"""Tells which bytes of a file are in memory, so that nobody waits for a disk without knowing."""

import ctypes
import math
import mmap
import os
import time
from collections.abc import Callable
from typing import Self

BLOCK_BYTES = 1024 * 1024
HELD_SECONDS = 1.0
"""How long a block that was in memory is taken to be there: a page seldom leaves so soon after it was looked for."""

_PAGE = mmap.PAGESIZE
_BLOCK_PAGES = BLOCK_BYTES // _PAGE
_MAP_FAILED = ctypes.c_void_p(-1).value

_libc = ctypes.CDLL(None, use_errno=True)
_libc.mmap.restype = ctypes.c_void_p
_libc.mmap.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int, ctypes.c_int, ctypes.c_int, ctypes.c_long]
_libc.munmap.argtypes = [ctypes.c_void_p, ctypes.c_size_t]
_libc.mincore.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_void_p]


class Residency:
    """Asks for the pages of one open file (mincore(2)).

    The file is mapped, since that is how the kernel is asked; the mapping is never read, so that a file that is cut
    from outside does not end the process.
    """

    def __init__(self, descriptor: int, length: int, seconds: Callable[[], float] = time.monotonic) -> None:
        """Look at the first `length` bytes of the file, one at least; `seconds` is a clock. Raises OSError."""
        self._length = length
        self._seconds = seconds
        self._held_until: dict[int, float] = {}
        self._pages = ctypes.create_string_buffer(_BLOCK_PAGES)
        address = _libc.mmap(None, length, mmap.PROT_READ, mmap.MAP_SHARED, descriptor, 0)
        if address == _MAP_FAILED:
            error = ctypes.get_errno()
            raise OSError(error, os.strerror(error))
        self._address: int = address
        self._holders = 1

    def share(self) -> Self:
        """The same for another reader of the file, which has to close it as well."""
        self._holders += 1
        return self

    def holds(self, offset: int, size: int) -> bool:
        """Whether all of `size` bytes from `offset` are in memory, as far as was seen within the last second."""
        now, held_until = self._seconds(), self._held_until
        block, last = offset // BLOCK_BYTES, (offset + size - 1) // BLOCK_BYTES
        while held_until.get(block, -math.inf) > now or self._has_all_of(block, now):
            if block == last:
                return True
            block += 1
        begin = offset - offset % _PAGE
        return self._is_resident(begin, offset + size - begin)

    def close(self) -> None:
        """Give back the addresses, once nobody holds them any more."""
        self._holders -= 1
        if self._holders == 0:
            _libc.munmap(self._address, self._length)

    def _has_all_of(self, block: int, now: float) -> bool:
        """Look at a block once for all who want a part of it: to ask costs more than the rest of a short answer."""
        begin = block * BLOCK_BYTES
        has_all = self._is_resident(begin, min(BLOCK_BYTES, self._length - begin))
        if has_all:
            self._held_until[block] = now + HELD_SECONDS
        return has_all

    def _is_resident(self, begin: int, size: int) -> bool:
        count = -(-size // _PAGE)
        if count > len(self._pages):
            self._pages = ctypes.create_string_buffer(count)
        if _libc.mincore(self._address + begin, count * _PAGE, self._pages) != 0:
            return False
        return b"\0" not in ctypes.string_at(self._pages, count)
