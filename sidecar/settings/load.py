"""How the table of settings is read from flags and the environment."""

import os
from collections.abc import Mapping, Sequence
from typing import Any

from sidecar.errors import SettingsError
from sidecar.settings.option import Option
from sidecar.settings.table import OPTIONS, Settings

Given = Mapping[str, str | tuple[str, ...]]
"""Names of settings, and the text that was given for each; the texts, where it may be repeated."""


def load(flags: Given, environ: Mapping[str, str] | None = None) -> Settings:
    """Read every setting: a flag wins over the environment, which wins over the default; empty text is not given.

    `flags` maps names of `OPTIONS` to what was given; `environ` is the process's own unless given.

    Raises SettingsError with every mistake at once.
    """
    environ = os.environ if environ is None else environ
    values: dict[str, Any] = {}
    mistakes: list[str] = []
    for name, option in OPTIONS.items():
        try:
            values[name] = _value(option, flags.get(name, ()), environ)
        except ValueError as error:
            mistakes.append(str(error))
    mistakes += _contradictions(values)
    if mistakes:
        raise SettingsError(tuple(mistakes))
    return Settings(**values)


def _value(option: Option, flag: str | tuple[str, ...], environ: Mapping[str, str]) -> Any:
    flags = (flag,) if isinstance(flag, str) else flag
    given = [(option.long_flag, flags), *((name, _texts(option, environ.get(name, ""))) for name in option.env)]
    for source, texts in given:
        if meant := [text for text in texts if text]:
            return _read(option, source, meant)
    if option.required:
        raise ValueError(f"{option.long_flag} (or {option.env[0]}) is required. {option.help}")
    return option.default_value()


def _texts(option: Option, text: str) -> tuple[str, ...]:
    """A variable's value; one that stands for a repeated flag holds a line for each."""
    return tuple(line.strip() for line in text.splitlines()) if option.is_repeatable else (text,)


def _read(option: Option, source: str, texts: Sequence[str]) -> Any:
    for text in texts:
        try:
            option.read(text)
        except ValueError as error:
            # A URL may hold a password where none belongs.
            shown = "what was given" if option.is_secret or "@" in text else repr(text)
            raise ValueError(f"{source} {error}, not {shown}") from None
    return option.value_of(texts)


_PAIRS = (("key", "secret", "the AWS default chain"), ("tls_cert", "tls_key", "plain HTTP"))


def _contradictions(values: Mapping[str, Any]) -> list[str]:
    return [
        _lonely(one, other, without)
        for pair in _PAIRS
        for one, other, without in (pair, (pair[1], pair[0], pair[2]))
        if {one, other} <= values.keys() and values[one] is not None and values[other] is None
    ]


def _lonely(given: str, missing: str, without: str) -> str:
    lacking = f"{OPTIONS[missing].long_flag} (or {OPTIONS[missing].env[0]}) is required when"
    return f"{lacking} {OPTIONS[given].long_flag} is given; give both, or neither for {without}"


def worker_number(environ: Mapping[str, str] | None = None) -> int:
    """The number of this worker, from 1 on and the same after a restart; 0 in the main process."""
    # No setting: Sanic tells each worker its name, Sanic-Server-N-M, in its environment.
    name = (os.environ if environ is None else environ).get("SANIC_WORKER_NAME", "")
    number = name.removeprefix("Sanic-Server-").partition("-")[0]
    return int(number) + 1 if number.isascii() and number.isdigit() else 0
