"""Whether a client takes anything of what it is sent."""

import fcntl
import socket
import struct
import termios
from collections.abc import Callable
from contextlib import suppress
from typing import Any

_RESET_ON_CLOSE = struct.pack("ii", 1, 0)


class Uptake:
    """What a client has taken, judged by what is left: by the transport and by the kernel, which may hold megabytes."""

    def __init__(self, transport: Any) -> None:
        self._transport = transport
        self._count_sent: Callable[[], int] = _nothing
        self._taken: int | None = None

    @property
    def is_watched(self) -> bool:
        """Whether it matters."""
        return self._taken is not None

    def watch(self, count_sent: Callable[[], int] | None = None) -> None:
        """Begin; `count_sent` tells how many bytes were sent past the transport by now."""
        self._count_sent = count_sent or _nothing
        self._taken = self._count_taken()

    def end(self) -> None:
        """All was taken, or can be held."""
        self._taken = None

    def is_moving(self) -> bool:
        """Whether anything was taken since this was asked last."""
        before, self._taken = self._taken, self._count_taken()
        return self._taken != before

    def give_up(self) -> None:
        """Make closing the connection the end of it: the kernel would go on for minutes with what it still holds."""
        connection = self._transport.get_extra_info("socket")
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET_ON_CLOSE)

    def _count_taken(self) -> int:
        left = self._transport.get_write_buffer_size()
        connection = self._transport.get_extra_info("socket")
        with suppress(OSError):
            (in_kernel,) = struct.unpack("i", fcntl.ioctl(connection.fileno(), termios.TIOCOUTQ, b"\0" * 4))
            left += in_kernel
        return self._count_sent() - int(left)


def _nothing() -> int:
    return 0
