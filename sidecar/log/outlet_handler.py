"""Messages of the log on their way to standard output or a file."""

import logging
from typing import TYPE_CHECKING, Final

from sidecar.log.outlet import Outlet

if TYPE_CHECKING:
    from sidecar.log.outlet import Sink

PATIENCE_SECONDS: Final = 0.05
"""How long a message waits to be written before its process goes on without; longer than any reader in order takes."""

_LAST_SECONDS: Final = 0.5


class OutletHandler(logging.Handler):
    """Messages for a sink. One is there before its process goes on; unless the sink hangs, then none waits."""

    def __init__(self, sink: "Sink", patience_seconds: float = PATIENCE_SECONDS) -> None:
        super().__init__()
        self._patience_seconds = patience_seconds
        self._outlet = Outlet(sink, delay_seconds=0)

    @property
    def lost(self) -> int:
        """How many lines were lost."""
        return self._outlet.lost

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
            self._outlet.flush(self._patience_seconds)

    def close(self) -> None:
        """Write what still waits, if the sink takes it."""
        self._outlet.close(_LAST_SECONDS)
        super().close()
