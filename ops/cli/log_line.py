"""A line of the server's log, read: of text, or of JSON. Pure."""

import json
import re
from typing import Any

from rich.text import Text

from ops.cli.text import printable

LEVELS = ("debug", "info", "warning", "error", "critical")
_LINE = re.compile(r"(?P<time>\S+) (?P<level>[A-Z]+) +pid=(?P<pid>\d+) (?P<logger>\S+): (?P<message>.*)", re.DOTALL)
_STYLES = {"debug": "dim", "warning": "yellow", "error": "red", "critical": "bold red"}

Fields = dict[str, Any]

_OF_A_MESSAGE = frozenset({"level", "logger", "message", "pid", "time"})


def fields_of(line: str) -> Fields:
    """What the line says, by name; `message` alone when it goes on from the line before."""
    if line.startswith("{"):
        try:
            found: Fields = json.loads(line)
        except ValueError:
            return {"message": line}
        return found | {"level": str(found.get("level", "")).lower()}
    match = _LINE.fullmatch(line)
    if match is None:
        return {"message": line}
    return match.groupdict() | {"level": match["level"].lower(), "pid": int(match["pid"])}


class LevelFilter:
    """Lets lines of a level and above pass, and what goes on from them."""

    def __init__(self, least: str) -> None:
        self._least = LEVELS.index(least)
        self._passes = True

    def passes(self, fields: Fields) -> bool:
        """Whether to show it."""
        level = fields.get("level")
        if level in LEVELS:
            self._passes = LEVELS.index(level) >= self._least
        return self._passes


def styled(line: str, fields: Fields) -> Text:
    """The line as a terminal shows it: one of JSON as if it were text."""
    shown = as_text(fields) if line.startswith("{") and fields.keys() >= _OF_A_MESSAGE else printable(line)
    return Text(shown, style=_STYLES.get(fields.get("level", ""), ""))


def as_text(fields: Fields) -> str:
    """What a log file of text would have, and the traceback below it."""
    level, pid = str(fields["level"]).upper(), fields["pid"]
    first = printable(f"{fields['time']} {level:<8} pid={pid} {fields['logger']}: {fields['message']}")
    return "\n".join((first, *(f"  {printable(line)}" for line in str(fields.get("exception", "")).splitlines())))
