"""Where log lines go, and what never gets into them; those of the access log are `sidecar.log`'s."""

import logging
import sys
import time
from typing import TYPE_CHECKING

from sidecar.clock import SystemClock
from sidecar.errors import SettingsError
from sidecar.log import access_log
from sidecar.log.daily_file import DailyFile
from sidecar.log.json_lines import JsonFormatter
from sidecar.log.masking import Masking
from sidecar.log.outlet_handler import OutletHandler
from sidecar.log.standard_output import StandardOutput
from sidecar.ownership import why_not_writable

if TYPE_CHECKING:
    from pathlib import Path
    from types import TracebackType

    from sidecar.settings import Settings

    _ExceptionInfo = tuple[type[BaseException], BaseException, TracebackType | None] | tuple[None, None, None]

FILE_NAME = "s3proxy.log"

_LEVELS = {
    "critical": logging.CRITICAL,
    "error": logging.ERROR,
    "warn": logging.WARNING,
    "info": logging.INFO,
    "debug": logging.DEBUG,
}
_OURS = ("sidecar", "ops")
# What ends a line or steers a terminal: C0 without the tab, C1, and Unicode's two separators.
_CONTROL = {code: f"\\u{code:04x}" for code in (*range(9), *range(10, 32), *range(127, 160), 0x2028, 0x2029)}


class LineFormatter(logging.Formatter):
    """One line for each message, in UTC, with secrets masked and control characters shown as escapes."""

    converter = staticmethod(time.gmtime)

    def __init__(self, secrets: tuple[str, ...], layout: str) -> None:
        super().__init__(layout, datefmt="%Y-%m-%dT%H:%M:%S")
        self._masking = Masking(secrets)

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802 - the library's name
        """The line itself: what a client sent must not be able to begin another."""
        return super().formatMessage(record).translate(_CONTROL)

    def formatException(self, ei: "_ExceptionInfo") -> str:  # noqa: N802 - likewise
        """The traceback, indented: what an exception repeats of a request must not begin a line either."""
        return "\n".join(f"  {line.translate(_CONTROL)}" for line in super().formatException(ei).split("\n"))

    def format(self, record: logging.LogRecord) -> str:
        """The line and its traceback, secrets masked in both."""
        return self._masking(super().format(record))


def configure(settings: "Settings") -> None:
    """Send this process's log lines where the settings say; raises SettingsError if the log file cannot be written."""
    logging.captureWarnings(capture=True)
    root = logging.getLogger()
    for handler in tuple(root.handlers):
        root.removeHandler(handler)
        handler.close()
    for handler in _handlers(settings):
        root.addHandler(handler)
    level = _LEVELS[settings.log_level]
    # Libraries log headers and signatures at debug level; only our own lines follow the operator that far.
    root.setLevel(max(level, logging.WARNING))
    for name in _OURS:
        logging.getLogger(name).setLevel(level)
    logging.getLogger("sanic.error").addFilter(_is_of_use)


def _is_of_use(record: logging.LogRecord) -> bool:
    """Whether a line of Sanic's is one for operators: its hint at options that s3proxy does not have is not."""
    return "PRODUCTION mode" not in str(record.msg)


def has_destination(settings: "Settings") -> bool:
    """Whether anything that is logged can be read anywhere."""
    return settings.console or settings.log_dir.is_dir()


def check_files(settings: "Settings") -> None:
    """Make sure that the log files can be written, as far as there are any; raises SettingsError."""
    if not settings.log_dir.is_dir():
        return
    if settings.access_log != "off" and settings.access_log_to != "stdout":
        _check_writable(settings.log_dir / access_log.FILE_NAME)
    _check_writable(settings.log_dir / FILE_NAME)


def _handlers(settings: "Settings") -> list[logging.Handler]:
    handlers: list[logging.Handler] = []
    if settings.console:
        handlers.append(_console(settings))
    if settings.log_dir.is_dir():
        check_files(settings)
        handlers.append(_file(settings))
    return handlers or [logging.NullHandler()]


def _console(settings: "Settings") -> logging.Handler:
    is_terminal = sys.stdout.isatty()
    if not is_terminal or settings.log_format == "json":
        handler: logging.Handler = OutletHandler(StandardOutput())
        is_json = settings.log_format == "json" or (settings.log_format == "auto" and not is_terminal)
        handler.setFormatter(JsonFormatter(Masking(settings.secrets())) if is_json else _line(settings))
        return handler
    from rich.console import Console  # noqa: PLC0415 - a container without a terminal does not pay for it
    from rich.logging import RichHandler  # noqa: PLC0415 - likewise

    handler = RichHandler(console=Console(file=sys.stdout), show_path=False, rich_tracebacks=False, markup=False)
    handler.setFormatter(LineFormatter(settings.secrets(), "%(message)s"))
    return handler


def _file(settings: "Settings") -> logging.Handler:
    handler = OutletHandler(DailyFile(settings.log_dir / FILE_NAME, SystemClock()))
    handler.setFormatter(_line(settings))
    return handler


def _check_writable(path: "Path") -> None:
    try:
        path.open("a").close()
    except OSError as error:
        reason = why_not_writable(path.parent, error)
        raise SettingsError((f"--dir cannot be used: {path} cannot be written ({reason})",)) from error


def _line(settings: "Settings") -> LineFormatter:
    return LineFormatter(
        settings.secrets(), "%(asctime)s.%(msecs)03dZ %(levelname)-8s pid=%(process)d %(name)s: %(message)s"
    )
