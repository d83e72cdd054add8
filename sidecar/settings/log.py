"""What is logged and where to."""

from dataclasses import dataclass
from pathlib import Path

from sidecar.settings import readers
from sidecar.settings.option import setting


@dataclass(frozen=True, kw_only=True)
class LoggingSettings:
    """What is logged and where to."""

    console: bool = setting(
        "-c --console", "CONSOLE", readers.boolean, "BOOLEAN",
        group="Logging", default="false", help="Log to stdout too.",
    )  # fmt: skip
    log_dir: Path = setting(
        "-o --dir", "LOG_DIR", readers.path, "FOLDER",
        group="Logging",
        default="logs/",
        help="Log files, rotated daily. If it does not exist, no log file is written.",
    )  # fmt: skip
    log_level: str = setting(
        "-l --log-level", "LOG_LEVEL", readers.choice("critical", "error", "warn", "info", "debug"), "LEVEL",
        group="Logging", default="info", help="critical, error, warn, info or debug.",
    )  # fmt: skip
