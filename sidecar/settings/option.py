"""One row of the table of settings."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from sidecar.settings import readers


@dataclass(frozen=True, slots=True)
class Option:
    """One row: how a setting is given and what it means. `default` is text, read as if it had been given."""

    flags: tuple[str, ...]
    env: tuple[str, ...]
    read: Callable[[str], Any]
    metavar: str
    help: str
    group: str
    default: str | Callable[[], str] | None = None
    default_words: str | None = None
    required: bool = False
    is_repeatable: bool = False
    """Whether it may be given several times; in the environment, a line for each. Its value is then a tuple."""

    @property
    def is_boolean(self) -> bool:
        """Whether the flag may stand alone."""
        return self.read is readers.boolean

    @property
    def is_secret(self) -> bool:
        """Whether what was given must never be shown."""
        return self.read in {readers.secret, readers.mongo_uri}

    @property
    def file_env(self) -> tuple[str, ...]:
        """The variables that may name a file with the value: those of a secret, which platforms mount."""
        return tuple(map(file_variable, self.env)) if self.is_secret else ()

    @property
    def long_flag(self) -> str:
        """The flag that messages speak of."""
        return next(flag for flag in self.flags if flag.startswith("--"))

    @property
    def names(self) -> tuple[str, ...]:
        """What it is called in a configuration file: its long flags without their dashes."""
        return tuple(flag.removeprefix("--") for flag in self.flags if flag.startswith("--"))

    @property
    def takes_list(self) -> bool:
        """Whether a configuration file may give it a list."""
        return self.is_repeatable or self.read is readers.origins

    @property
    def default_text(self) -> str:
        """The default as documentation shows it."""
        return self.default_words or (self.default if isinstance(self.default, str) else "none")

    def default_value(self) -> Any:
        """The default, read."""
        if self.is_repeatable:
            return ()
        text = self.default() if callable(self.default) else self.default
        return None if text is None else self.read(text)

    def value_of(self, texts: Sequence[str]) -> Any:
        """What was given, read: the last text, or all of them. Raises ValueError with what would be right."""
        return tuple(map(self.read, texts)) if self.is_repeatable else self.read(texts[-1])


def file_variable(variable: str) -> str:
    """The variable that names a file with the value of `variable`."""
    return f"{variable}_FILE"


def setting(flags: str, env: str, read: Callable[[str], Any], metavar: str, **row: Any) -> Any:
    """Declare a field of `Settings` that is a row: flags and environment names separated by spaces."""
    option = Option(flags=tuple(flags.split()), env=tuple(env.split()), read=read, metavar=metavar, **row)
    return field(metadata={"option": option})
