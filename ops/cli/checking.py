"""Reads a configuration as s3proxy would."""

from pathlib import Path

from sidecar.errors import SettingsError
from sidecar.settings import load


def mistakes_of(file: Path | None) -> tuple[str, ...]:
    """Everything that is wrong with this environment and the file."""
    try:
        load({} if file is None else {"config": str(file)})
    except SettingsError as error:
        return error.mistakes
    return ()
