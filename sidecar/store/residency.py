"""Tells which bytes of a file are in memory, so that nobody waits for a disk without knowing."""

import ctypes
import mmap
import os

_PAGE = mmap.PAGESIZE
_USUAL_PAGES = 64
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

    def __init__(self, descriptor: int, length: int) -> None:
        """Look at the first `length` bytes of the file, one at least. Raises OSError."""
        self._length = length
        self._pages = ctypes.create_string_buffer(_USUAL_PAGES)
        address = _libc.mmap(None, length, mmap.PROT_READ, mmap.MAP_SHARED, descriptor, 0)
        if address == _MAP_FAILED:
            error = ctypes.get_errno()
            raise OSError(error, os.strerror(error))
        self._address: int = address

    def holds(self, offset: int, size: int) -> bool:
        """Whether all of `size` bytes from `offset` are in memory just now."""
        begin = offset - offset % _PAGE
        count = -(-(offset + size - begin) // _PAGE)
        if count > len(self._pages):
            self._pages = ctypes.create_string_buffer(count)
        if _libc.mincore(self._address + begin, count * _PAGE, self._pages) != 0:
            return False
        return b"\0" not in ctypes.string_at(self._pages, count)

    def close(self) -> None:
        """Give back the addresses."""
        _libc.munmap(self._address, self._length)
