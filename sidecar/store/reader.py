"""Reads one open body file by position, and checks it as it does."""

import errno
import os
import threading
from functools import partial

from sidecar.errors import BodyLost
from sidecar.store.checksums import BLOCK, Verification, stamp_of
from sidecar.store.disk import Disk
from sidecar.store.residency import Residency


class FileReader:
    """One body; its file may have been renamed or removed meanwhile.

    With a `verification` no byte is given out of a block that was not found to be right.
    """

    def __init__(self, disk: Disk, descriptor: int, body: range, verification: Verification | None = None) -> None:
        """Read the bytes of the file in `body`: others follow them."""
        self._disk = disk
        self._descriptor = descriptor
        self._body = body
        self._verification = verification
        self._lock = threading.Lock()
        self._waits = False
        self._residency: Residency | None = None
        self._is_trusted = False

    async def read(self, offset: int, size: int) -> bytes:
        """Up to `size` bytes of the body from `offset`. Raises OSError, BodyLost when the file was altered."""
        return await self._disk.run(partial(self._read, offset, size))

    def read_now(self, offset: int, size: int) -> bytearray | None:
        """As `read`, without a thread; None when any of it would have to be waited for, or checked first.

        Raises OSError.
        """
        wanted = self._body[offset : offset + size]
        if self._waits or not self._is_right(offset, size):
            return None
        buffer = bytearray(len(wanted))
        try:
            got = os.preadv(self._descriptor, [buffer], self._body.start + offset, os.RWF_NOWAIT)
        except BlockingIOError:
            return None
        except OSError as error:
            if error.errno != errno.EOPNOTSUPP:
                raise
            self._waits = True  # a file system that cannot promise not to
            return None
        return buffer if got == len(wanted) else None

    def is_at_hand(self, offset: int, size: int) -> bool:
        """Whether `size` bytes from `offset` can be had at once, and need no check any more. Raises OSError."""
        start, size = self._body.start + offset, min(size, len(self._body) - offset)
        if size <= 0 or not self._is_right(offset, size):
            return False
        if self._residency is None:
            self._residency = Residency(self._descriptor, self._body.stop)
        return self._residency.holds(start, size)

    def send(self, connection: int, offset: int, size: int) -> int:
        """Let the kernel send up to `size` bytes from `offset` to a socket: how many it took; 0 at the end.

        Waits for what is not at hand. Raises BlockingIOError when the socket takes nothing, and OSError.
        """
        size = min(size, len(self._body) - offset)
        return os.sendfile(connection, self._descriptor, self._body.start + offset, size)

    def fileno(self) -> int:
        """The descriptor of the file."""
        return self._descriptor

    def trust(self) -> None:
        """Look once more, and then no more, whether the file was written to: whoever calls this closes the reader then.

        Raises OSError.
        """
        verification = self._verification
        self._is_trusted = verification is None or stamp_of(self._descriptor) == verification.stamp

    def share(self) -> "FileReader":
        """Another reader of the same file, which knows what was verified, and seen in memory. Raises OSError."""
        other = FileReader(self._disk, os.dup(self._descriptor), self._body, self._verification)
        other._residency = None if self._residency is None else self._residency.share()
        return other

    def close(self) -> None:
        """Close the file; a read that still runs in its thread, for a request that is gone, ends first."""
        with self._lock:
            if self._descriptor >= 0:
                os.close(self._descriptor)
                self._descriptor = -1
        if self._residency is not None:
            self._residency.close()
            self._residency = None

    def _is_right(self, offset: int, size: int) -> bool:
        """Whether these bytes can be had, and need no check any more."""
        verification = self._verification
        if self._descriptor < 0 or verification is None:
            return self._descriptor >= 0
        if not verification.is_right(offset, size):
            return False
        # This reader may have been open for long: what was verified was so before the file was written to.
        return self._is_trusted or stamp_of(self._descriptor) == verification.stamp

    def _read(self, offset: int, size: int) -> bytes:
        # The lock keeps the descriptor from being closed, and its number from being reused, under a running read.
        with self._lock:
            if self._descriptor < 0:
                return b""
            if self._verification is not None:
                self._verify(self._verification, offset, size)
            return os.pread(self._descriptor, len(self._body[offset : offset + size]), self._body.start + offset)

    def _verify(self, verification: Verification, offset: int, size: int) -> None:
        is_unchanged = stamp_of(self._descriptor) == verification.stamp
        for block in verification.unverified(offset, size) if is_unchanged else verification.blocks(offset, size):
            wanted = min(BLOCK, verification.content_length - block * BLOCK)
            content = os.pread(self._descriptor, wanted, self._body.start + block * BLOCK)
            if not verification.verify(block, content):
                raise BodyLost("a stored body was altered")
