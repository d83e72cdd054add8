"""Tells the access log of every answered request."""

from typing import TYPE_CHECKING

from sidecar.observe import RecordObserver

if TYPE_CHECKING:
    from sidecar.log.access_line import Line
    from sidecar.log.outlet import Outlet
    from sidecar.observe import Observer, RequestRecord

FILE_NAME = "access.log"

_LAST_SECONDS = 0.5


class AccessLog(RecordObserver):
    """One line for each request; `other` hears of it first."""

    def __init__(self, other: "Observer", line: "Line", outlet: "Outlet") -> None:
        super().__init__(other)
        self._other = other
        self._line = line
        self._outlet = outlet

    @property
    def lost(self) -> int:
        """How many lines were lost."""
        return self._outlet.lost

    def request_answered(self, record: "RequestRecord") -> None:
        """Make the line now, which is a few microseconds; writing it is for later."""
        self._other.request_answered(record)
        self._outlet.put(self._line(record).encode())

    def flush(self, seconds: float) -> bool:
        """Have what was told before this written; whether that was done within so many seconds."""
        return self._outlet.flush(seconds)

    def close(self) -> None:
        """Write what is left."""
        self._outlet.close(_LAST_SECONDS)
