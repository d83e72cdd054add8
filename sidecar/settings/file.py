"""The configuration file: TOML, with the settings under the names of their flags."""

import difflib
import json
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sidecar.errors import SettingsError
from sidecar.settings.entry import Entry
from sidecar.settings.option import Option

MAX_FILE_BYTES = 1024 * 1024

Table = Mapping[str, Any]

_LARGEST = 10**18
_KINDS = {bool: "true or false", dict: "a table", list: "a list", int: "so large a number"}


@dataclass(frozen=True, slots=True)
class Entries:
    """What a table gives, by the settings' names, and what is wrong with it."""

    given: dict[str, Entry]
    mistakes: tuple[str, ...]


def read_table(path: Path, source: str) -> Table:
    """The whole file, which `source`, a flag or a variable, has named. Raises SettingsError, showing no value."""
    try:
        with path.open("rb") as file:
            raw = file.read(MAX_FILE_BYTES + 1)
    except OSError as error:
        raise SettingsError((f"{source} cannot be read: {path}: {error.strerror or error}",)) from error
    if len(raw) > MAX_FILE_BYTES:
        raise SettingsError((f"{source} cannot be read: {path}: it has more than {MAX_FILE_BYTES} bytes",))
    try:
        return tomllib.loads(raw.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise SettingsError((f"{path}: must be UTF-8, and is not at line {line}",)) from None
    except tomllib.TOMLDecodeError as error:
        raise SettingsError((f"{path}: {error}",)) from None
    except (ValueError, RecursionError):
        raise SettingsError((f"{path}: holds a number that is too long, or is nested too deeply",)) from None


def entries_of(table: Table, options: Mapping[str, Option], place: str, elsewhere: Mapping[str, str]) -> Entries:
    """What a table gives for `options`; what is no name of theirs may have its place elsewhere, which is told then."""
    names = {alias: name for name, option in options.items() for alias in option.names}
    given: dict[str, Entry] = {}
    mistakes = []
    for key, value in table.items():
        source, name = f"{place}: {_shown(key)}", names.get(key)
        if name is None:
            mistakes.append(f"{source} is {elsewhere.get(key) or _stranger(key, names)}")
        elif name in given:
            mistakes.append(f"{source} is given twice, under another name too")
        else:
            try:
                given[name] = Entry(source, texts_of(options[name], value))
            except ValueError as error:
                mistakes.append(f"{source} {error}")
    return Entries(given, tuple(mistakes))


def texts_of(option: Option, value: Any) -> tuple[str, ...]:
    """A TOML value as the texts that a flag would have been given. Raises ValueError with what would be right."""
    if not isinstance(value, list) or not option.takes_list:
        return (text_of(option, value),)
    texts = tuple(text_of(option, member) for member in value)
    return texts if option.is_repeatable else (json.dumps(texts),)


def text_of(option: Option, value: Any) -> str:
    """A TOML value that is no list as the text that a flag would have been given. Raises ValueError."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        if option.is_boolean:
            return str(value).lower()
    elif isinstance(value, float) or (isinstance(value, int) and abs(value) < _LARGEST):
        return str(value)
    wanted = "true or false" if option.is_boolean else "text or a number"
    raise ValueError(f"must be {wanted}, not {_KINDS.get(type(value), 'a date or a time')}")


def _stranger(key: str, names: Mapping[str, str]) -> str:
    near = difflib.get_close_matches(key, names, n=1)
    return "no setting" + (f"; did you mean {near[0]}?" if near else "")


def _shown(key: str) -> str:
    return key if key.isprintable() and key else repr(key)
