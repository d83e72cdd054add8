"""The folder of the bucket that is served: it can be switched while the server runs, for all workers at once."""

from ctypes import c_char, c_uint64
from dataclasses import dataclass, field
from multiprocessing.sharedctypes import RawArray, RawValue
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ctypes import Array

MAX_PREFIX_BYTES = 1024

_SLOTS = 16
_SLOT_BYTES = MAX_PREFIX_BYTES + 2


@dataclass(frozen=True, slots=True)
class SharedRelease:
    """The memory that workers share: how often it was switched, and the last few prefixes."""

    count: c_uint64 = field(default_factory=lambda: RawValue(c_uint64, 0))
    slots: "Array[c_char]" = field(default_factory=lambda: RawArray(c_char, _SLOTS * _SLOT_BYTES))


def folder_of(prefix: str) -> str:
    """What keys of a folder begin with: empty, or with a slash at its end. Raises ValueError where none can."""
    folder = prefix.strip("/")
    found = f"{folder}/" if folder else ""
    if len(found.encode()) > MAX_PREFIX_BYTES or not folder.isprintable():
        raise ValueError(f"a prefix is printable and has at most {MAX_PREFIX_BYTES} bytes")
    return found


class Release:
    """A worker's view of the prefix.

    A switch writes the new prefix beside the old one and then moves one number: a request sees one or the other. What
    is stored is found by its whole key, so the entries of the last release stay for a switch back.
    """

    def __init__(self, shared: SharedRelease, prefix: str) -> None:
        """Begin with `prefix`, until there is a switch."""
        self._shared = shared
        self._slots = memoryview(shared.slots).cast("B")
        self._read = 0
        self._prefix = prefix

    @property
    def prefix(self) -> str:
        """What keys begin with now: empty, or a folder with a slash at its end."""
        count = self._shared.count.value
        if count != self._read:
            self._prefix = self._slot(count)
            self._read = count
        return self._prefix

    def switch(self, prefix: str) -> None:
        """Serve another folder from the next request on. Raises ValueError for one that no key can begin with."""
        encoded = folder_of(prefix).encode()
        count = self._shared.count.value + 1
        start = count % _SLOTS * _SLOT_BYTES
        self._slots[start : start + 2 + len(encoded)] = len(encoded).to_bytes(2, "little") + encoded
        self._shared.count.value = count

    def _slot(self, count: int) -> str:
        start = count % _SLOTS * _SLOT_BYTES
        length = int.from_bytes(self._slots[start : start + 2], "little")
        return bytes(self._slots[start + 2 : start + 2 + length]).decode()
