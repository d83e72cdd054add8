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
    log_format: str = setting(
        "--log-format", "LOG_FORMAT", readers.choice("auto", "text", "json"), "FORMAT",
        group="Logging",
        default="auto",
        help="Lines on stdout: text or json; auto is text on a terminal, else json. Log files are text.",
    )  # fmt: skip
    access_log: str = setting(
        "--access-log", "ACCESS_LOG", readers.choice("off", "json", "combined"), "FORMAT",
        group="Logging",
        default="off",
        help="A line for every request, json or combined (as Apache and nginx write it), in access.log of --dir, or on "
        "stdout if that folder does not exist; off for none.",
    )  # fmt: skip
    access_log_to: str = setting(
        "--access-log-to", "ACCESS_LOG_TO", readers.choice("auto", "stdout"), "WHERE",
        group="Logging",
        default="auto",
        help="Where the access log goes: to stdout even if there is a log folder, or, with auto, as --access-log says.",
    )  # fmt: skip
    log_level: str = setting(
        "-l --log-level", "LOG_LEVEL", readers.choice("critical", "error", "warn", "info", "debug"), "LEVEL",
        group="Logging", default="info", help="critical, error, warn, info or debug.",
    )  # fmt: skip
