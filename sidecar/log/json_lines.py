"""Log lines as JSON, for machines that collect them."""

import json
import logging
import time
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sidecar.log.masking import Masking


class JsonFormatter(logging.Formatter):
    """One JSON object on one line for each message, in UTC and ASCII, with secrets masked.

    Its members: `time` (RFC 3339), `level`, `logger`, `pid`, `worker` (the process's name), `message`, and `exception`
    where there is one.
    """

    converter = staticmethod(time.gmtime)

    def __init__(self, masking: "Masking") -> None:
        super().__init__(datefmt="%Y-%m-%dT%H:%M:%S")
        self._masking = masking

    def format(self, record: logging.LogRecord) -> str:
        """The line. Secrets are masked before anything is escaped: afterwards they would not be found."""
        fields: dict[str, Any] = {
            "time": f"{self.formatTime(record, self.datefmt)}.{int(record.msecs):03d}Z",
            "level": record.levelname.lower(),
            "logger": record.name,
            "pid": record.process,
            "worker": record.processName,
            "message": self._text(record.getMessage()),
        }
        if record.exc_info:
            fields["exception"] = self._text(self.formatException(record.exc_info))
        return json.dumps(fields)

    def _text(self, text: str) -> str:
        """What a strict reader of JSON takes: half a surrogate pair is no character (RFC 8259 8.2)."""
        return self._masking(text).encode(errors="backslashreplace").decode()
