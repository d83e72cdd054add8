"""Who is told of requests in a worker, beside those who count them."""

import logging
from typing import TYPE_CHECKING, Protocol

from sidecar.clock import SystemClock
from sidecar.log.access_line import line_of
from sidecar.log.access_log import FILE_NAME, AccessLog
from sidecar.log.daily_file import DailyFile
from sidecar.log.outlet import Outlet, Sink
from sidecar.log.standard_output import StandardOutput
from sidecar.observe import Observer
from sidecar.request_log import RequestLog
from sidecar.settings import Settings, wants_tracing, worker_number
from sidecar.trace import passed_on

if TYPE_CHECKING:
    from collections.abc import Callable

    from sidecar.observe import Request
    from sidecar.trace import Trace
    from sidecar.tracing import Tracing

logger = logging.getLogger(__name__)


class _Closes(Protocol):
    def close(self) -> None: ...


class Audience:
    """The log, the access log, and OpenTelemetry, as far as they are wanted; `counts` is told first."""

    def __init__(self, settings: Settings, counts: Observer) -> None:
        self.observer: Observer = RequestLog(counts) if settings.log_level == "debug" else counts
        self.trace: Callable[[Request], Trace | None] = passed_on
        self._access_log: AccessLog | None = None
        self._open: list[_Closes] = []
        tracing = _tracing(settings)
        if tracing is not None:
            self.observer, self.trace = tracing.observing(self.observer), tracing.begin
            self._open.append(tracing)
        if settings.access_log != "off":
            line = line_of(settings.access_log, settings.secrets())
            self.observer = self._access_log = AccessLog(self.observer, line, Outlet(_sink(settings)))
            self._open.append(self._access_log)

    @property
    def lost_lines(self) -> int:
        """How many lines of the access log were lost."""
        return 0 if self._access_log is None else self._access_log.lost

    def close(self) -> None:
        """Have all that was told written and sent, within a second."""
        for one in self._open:
            one.close()


def _sink(settings: Settings) -> Sink:
    if settings.access_log_to == "auto" and settings.log_dir.is_dir():
        return DailyFile(settings.log_dir / FILE_NAME, SystemClock())
    return StandardOutput()


def _tracing(settings: Settings) -> "Tracing | None":
    """What exports spans; None where nobody wants them, and in the main process, which answers nothing."""
    number = worker_number()
    if number == 0 or not wants_tracing():
        return None
    try:
        from sidecar.tracing import Tracing  # noqa: PLC0415 - an extra, and slow to import
    except ImportError as error:
        if number == 1:
            logger.warning("no traces are exported: %s; install s3-sidecar[otel], or unset OTEL_EXPORTER_OTLP_*", error)
        return None
    try:
        return Tracing(settings.secrets(), scheme="http" if settings.tls_cert is None else "https")
    except ValueError as error:  # the SDK leaves some of what it cannot read out, and fails at the rest
        logger.error("no traces are exported: a variable OTEL_… of the environment cannot be used: %s", error)  # noqa: TRY400 - a mistake of the operator's, not ours
        return None
