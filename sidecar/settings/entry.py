"""What was given for a setting, and where."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from sidecar.errors import SettingsError
from sidecar.settings.option import Option


@dataclass(frozen=True, slots=True)
class Entry:
    """Texts given for one setting; `source` is what messages call the place: a flag, a variable, a line of a file."""

    source: str
    texts: tuple[str, ...]

    def read(self, option: Option) -> Any:
        """The value. Raises SettingsError with every text that cannot be one."""
        mistakes = tuple(mistake for text in self.texts for mistake in self._mistakes(option, text))
        if mistakes:
            raise SettingsError(mistakes)
        return option.value_of(self.texts)

    def _mistakes(self, option: Option, text: str) -> Iterator[str]:
        try:
            option.read(text)
        except ValueError as error:
            # A URL may hold a password where none belongs.
            shown = "what was given" if option.is_secret or "@" in text else repr(text)
            yield f"{self.source} {error}, not {shown}"
        except SettingsError as error:  # of a file, which may have several
            yield from (f"{self.source}: {mistake}" for mistake in error.mistakes)


def first_given(entries: Iterable[Entry]) -> Entry | None:
    """The first entry that gives anything: empty text does not."""
    for entry in entries:
        if meant := tuple(text for text in entry.texts if text):
            return Entry(entry.source, meant)
    return None


@contextmanager
def noting(mistakes: list[str]) -> Iterator[None]:
    """Note what is wrong instead of stopping there."""
    try:
        yield
    except SettingsError as error:
        mistakes += error.mistakes
