"""How the table of settings is read: from flags, the environment and a configuration file."""

import math
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain
from typing import Any

from sidecar.errors import SettingsError
from sidecar.settings.entry import Entry, first_given, noting
from sidecar.settings.file import Table, entries_of, read_table, text_of
from sidecar.settings.mounts import (
    Draft,
    contradictions,
    draft_of_flag,
    draft_of_table,
    may_have_root,
    mount_of,
    with_root,
)
from sidecar.settings.option import Option
from sidecar.settings.secret_file import entry_of_file
from sidecar.settings.table import OPTIONS, Settings

Given = Mapping[str, str | tuple[str, ...]]
"""Names of settings, and the text that was given for each; the texts, where it may be repeated."""

_PAIRS = (("key", "secret", "the AWS default chain"), ("tls_cert", "tls_key", "plain HTTP"))
_OF_A_FILE = {name: option for name, option in OPTIONS.items() if name not in {"config", "mounts"}}
_NOT_OF_A_FILE = {"config": "no setting of a file: it names the file"}
_NOT_OF_A_MOUNT = {
    alias: "a setting of the whole server; it belongs above the first [[mount]]"
    for option in _OF_A_FILE.values()
    for alias in option.names
}


@dataclass(frozen=True, slots=True)
class _File:
    """The configuration file: its name in messages, and what it holds."""

    name: str = ""
    table: Table = field(default_factory=dict)
    is_read: bool = True
    """Whether it could be: what seems to be missing may be in it otherwise."""


def load(flags: Given, environ: Mapping[str, str] | None = None) -> Settings:
    """Read every setting: a flag wins over the environment, that over the file, that over the default.

    Empty text is not given. `flags` maps names of `OPTIONS` to what was given; `environ` is the process's own unless
    given; the file is the one that `config` names.

    Raises SettingsError with every mistake at once.
    """
    environ = os.environ if environ is None else environ
    mistakes: list[str] = []
    file = _read_file(flags, environ, mistakes)
    of_file = _entries_of_file(file, mistakes)
    values: dict[str, Any] = {}
    for name, option in OPTIONS.items():
        with noting(mistakes):
            entry = first_given(chain(_entries(name, flags, environ), of_file.get(name, ())))
            values[name] = option.default_value() if entry is None else entry.read(option)
    drafts = _drafts(values, file, mistakes)
    if file.is_read:
        mistakes += [*_lacking(values, drafts), *contradictions(drafts, values), *_contradictions(values)]
    if mistakes:
        raise SettingsError(tuple(mistakes))
    return Settings(**with_root(values, [mount_of(draft, values) for draft in drafts]))


def read_some(names: Iterable[str], environ: Mapping[str, str] | None = None) -> dict[str, Any]:
    """A few settings by name, as `load` reads them of the environment and the file, whatever else is wrong or missing.

    For who has to find a server that runs already. Raises SettingsError with what is wrong with these.
    """
    environ = os.environ if environ is None else environ
    mistakes: list[str] = []
    of_file = _entries_of_file(_read_file({}, environ, mistakes), [])
    values: dict[str, Any] = {}
    for name in names:
        with noting(mistakes):
            entry = first_given(chain(_entries(name, {}, environ), of_file.get(name, ())))
            values[name] = OPTIONS[name].default_value() if entry is None else entry.read(OPTIONS[name])
    if mistakes:
        raise SettingsError(tuple(mistakes))
    return values


def _entries(name: str, flags: Given, environ: Mapping[str, str]) -> Iterator[Entry]:
    option, given = OPTIONS[name], flags.get(name, ())
    yield Entry(option.long_flag, (given,) if isinstance(given, str) else given)
    for variable in option.env:
        of_file = entry_of_file(option, variable, environ)
        yield of_file or Entry(variable, _texts(option, environ.get(variable, "")))


def _texts(option: Option, text: str) -> tuple[str, ...]:
    """A variable's value; one that stands for a repeated flag holds a line for each."""
    return tuple(line.strip() for line in text.splitlines()) if option.is_repeatable else (text,)


def _read_file(flags: Given, environ: Mapping[str, str], mistakes: list[str]) -> _File:
    entry = first_given(_entries("config", flags, environ))
    if entry is None:
        return _File()
    with noting(mistakes):
        path = entry.read(OPTIONS["config"])
        return _File(str(path), read_table(path, entry.source))
    return _File(is_read=False)


def _entries_of_file(file: _File, mistakes: list[str]) -> dict[str, tuple[Entry]]:
    top = {key: value for key, value in file.table.items() if key not in OPTIONS["mounts"].names}
    entries = entries_of(top, _OF_A_FILE, file.name, _NOT_OF_A_FILE)
    mistakes += entries.mistakes
    return {name: (entry,) for name, entry in entries.given.items()}


def _drafts(values: Mapping[str, Any], file: _File, mistakes: list[str]) -> list[Draft]:
    """The mounts of flags or the environment, else those of the file."""
    if "mounts" not in values:
        return [{}]
    if values["mounts"]:
        return [draft_of_flag(given) for given in values["mounts"]]
    given = file.table.get("mount", [])
    members = enumerate(given if isinstance(given, list) else [given], start=1)
    return [_draft(member, number, file, mistakes) for number, member in members]


def _draft(member: Any, number: int, file: _File, mistakes: list[str]) -> Draft:
    if isinstance(member, dict):
        place = f"{file.name}: mount {_name_of(member) or number}"
        return draft_of_table(member, place, _NOT_OF_A_MOUNT, mistakes)
    option = OPTIONS["mounts"]
    try:
        (given,) = Entry(f"{file.name}: mount", (text_of(option, member),)).read(option)
    except ValueError as error:
        mistakes.append(f"{file.name}: mount {error}")
    except SettingsError as error:
        mistakes += error.mistakes
    else:
        return draft_of_flag(given)
    return {}


def _name_of(table: Table) -> str:
    path = table.get("path")
    return path if isinstance(path, str) and path.isprintable() else ""


def _lacking(values: Mapping[str, Any], drafts: Sequence[Draft]) -> Iterator[str]:
    """What has to be given, and was not, or only half."""
    for name, option in OPTIONS.items():
        is_given = values.get(name, ...) is not None
        if option.required and not is_given and not (name == "bucket" and may_have_root(drafts)):
            yield f"{option.long_flag} (or {option.env[0]}) is required. {option.help}"
    for one, other, without in _PAIRS:
        for given, missing in ((one, other), (other, one)):
            if values.get(given) is not None and values.get(missing, ...) is None:
                yield _lonely(given, missing, without)
    if values.get("compress_min_size", 0) > values.get("compress_max_size", math.inf):
        yield "--compress-min-size must not be above --compress-max-size; to compress nothing, give --compress none"


def _lonely(given: str, missing: str, without: str) -> str:
    lacking = f"{OPTIONS[missing].long_flag} (or {OPTIONS[missing].env[0]}) is required when"
    return f"{lacking} {OPTIONS[given].long_flag} is given; give both, or neither for {without}"


def _contradictions(values: Mapping[str, Any]) -> Iterator[str]:
    if values.get("autoindex") and values.get("reject_query_strings"):
        flags = f"{OPTIONS['autoindex'].long_flag} and {OPTIONS['reject_query_strings'].long_flag}"
        yield f"{flags} exclude each other: the pages of a listing are told apart by their query"
    if values.get("mmdb_host") is not None and values.get("mmdb_file") is not None:
        flags = f"{OPTIONS['mmdb_host'].long_flag} and {OPTIONS['mmdb_file'].long_flag}"
        yield f"{flags} exclude each other: locations come from a server or from a file"


def worker_number(environ: Mapping[str, str] | None = None) -> int:
    """The number of this worker, from 1 on and the same after a restart; 0 in the main process."""
    # No setting: Sanic tells each worker its name, Sanic-Server-N-M, in its environment.
    name = (os.environ if environ is None else environ).get("SANIC_WORKER_NAME", "")
    number = name.removeprefix("Sanic-Server-").partition("-")[0]
    return int(number) + 1 if number.isascii() and number.isdigit() else 0


def wants_tracing(environ: Mapping[str, str] | None = None) -> bool:
    """Whether OpenTelemetry's own variables, which its SDK reads by itself, name somebody to export traces to."""
    environ = os.environ if environ is None else environ
    is_off = environ.get("OTEL_SDK_DISABLED", "").strip().lower() == "true"
    is_without_traces = environ.get("OTEL_TRACES_EXPORTER", "otlp").strip().lower() == "none"
    endpoints = ("OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT")
    return not is_off and not is_without_traces and any(environ.get(name, "").strip() for name in endpoints)
