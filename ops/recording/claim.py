"""What has to be in order before the first record: told as mistakes of the configuration."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from ops.geo.database import open_database
from ops.recording.channel import Channel, open_channel
from ops.sinks import file
from ops.sinks.chosen import sink_names
from sidecar.errors import SettingsError

if TYPE_CHECKING:
    from sidecar.settings import Settings


def claim_channel(settings: "Settings") -> Channel | None:
    """See that the files can be used, and open a channel; None where records go nowhere. Raises SettingsError."""
    mistakes = [
        *_mistakes("--record-file", settings.record_file, file.check),
        *_mistakes("--mmdb-file", settings.mmdb_file, lambda path: open_database(path).close()),
    ]
    if mistakes:
        raise SettingsError(tuple(mistakes))
    return open_channel() if sink_names(settings) else None


def _mistakes(flag: str, path: Path | None, attempt: Callable[[Path], None]) -> Iterator[str]:
    if path is None:
        return
    try:
        attempt(path)
    except OSError as error:
        yield f"{flag} cannot be used: {path}: {error.strerror or error}"
    except ValueError as error:
        yield f"{flag} cannot be used: {path} {error}"
