"""Secrets that the environment names a file for, as container platforms mount them: AWS_SECRET_FILE for AWS_SECRET."""

from collections.abc import Mapping
from pathlib import Path

from sidecar.errors import SettingsError
from sidecar.settings.entry import Entry
from sidecar.settings.option import Option, file_variable

MAX_BYTES = 64 * 1024


def entry_of_file(option: Option, variable: str, environ: Mapping[str, str]) -> Entry | None:
    """What the file holds that `variable` with _FILE at its end names; None when no file is named.

    Raises SettingsError, showing nothing of the file, when it cannot be used or the variable itself is given, too.
    """
    source = file_variable(variable)
    path = environ.get(source, "")
    if source not in option.file_env or not path:
        return None
    if environ.get(variable):
        raise SettingsError((f"{variable} and {source} exclude each other; give one of them",))
    return Entry(source, (_content(path, source),))


def _content(path: str, source: str) -> str:
    """The file's text without the line's end that editors and `echo` put there. Raises SettingsError."""
    try:
        with Path(path).open("rb") as file:
            raw = file.read(MAX_BYTES + 1)
    except (OSError, ValueError) as error:
        raise _unusable(path, source, getattr(error, "strerror", None) or "is no path") from error
    if len(raw) > MAX_BYTES:
        raise _unusable(path, source, f"it has more than {MAX_BYTES} bytes")
    try:
        text = raw.decode()
    except UnicodeDecodeError:
        raise _unusable(path, source, "it is not UTF-8") from None
    if not text.strip():
        raise _unusable(path, source, "it is empty")
    return text.removesuffix("\n").removesuffix("\r")


def _unusable(path: str, source: str, reason: str) -> SettingsError:
    return SettingsError((f"{source} cannot be read: {path!r}: {reason}",))
