"""Standard output, which a container's log is made of."""

import logging
import os
import select
import sys
from typing import Final

from sidecar.log.outlet import Outlet

PATIENCE_SECONDS: Final = 0.05
"""How long a message waits to be written before its process goes on without; longer than any reader in order takes."""

_LAST_SECONDS: Final = 0.5


class StandardOutput:
    """Lines for standard output; those of several processes never mix, since a pipe takes so many bytes as one."""

    name = "stdout"
    piece_bytes = select.PIPE_BUF

    def __init__(self) -> None:
        self._descriptor = sys.stdout.fileno()

    def write(self, data: bytes) -> None:
        """Write all of it, however long that takes. Raises OSError."""
        while data:
            try:
                data = data[os.write(self._descriptor, data) :]
            except BlockingIOError:  # somebody who shares it has made it so
                poll = select.poll()
                poll.register(self._descriptor, select.POLLOUT)
                poll.poll()

    def close(self) -> None:
        """Leave it open: it is not ours."""


class ConsoleHandler(logging.Handler):
    """Messages on standard output. One is there before its process goes on; unless nobody reads, then none waits."""

    def __init__(self) -> None:
        super().__init__()
        self._outlet = Outlet(StandardOutput(), delay_seconds=0)

    def emit(self, record: logging.LogRecord) -> None:
        """Write a message."""
        try:
            line = f"{self.format(record)}\n".encode(errors="backslashreplace")
        except Exception:  # noqa: BLE001 - as in every handler: a line that cannot be made harms nobody
            self.handleError(record)
            return
        was_idle = self._outlet.is_idle
        self._outlet.put(line)
        if was_idle:
            self._outlet.flush(PATIENCE_SECONDS)

    def close(self) -> None:
        """Write what still waits, if anybody reads."""
        self._outlet.close(_LAST_SECONDS)
        super().close()
