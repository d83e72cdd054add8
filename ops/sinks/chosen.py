"""Which sinks the settings ask for: the one place where they are made."""

from typing import TYPE_CHECKING

from ops.sinks.file import FileSink

if TYPE_CHECKING:
    from ops.sinks.base import Sink
    from sidecar.settings import Settings


def sinks_of(settings: "Settings") -> "list[Sink]":
    """One for each place that records go to."""
    sinks: list[Sink] = []
    if settings.record_file is not None:
        sinks.append(FileSink(settings.record_file))
    return sinks


def sink_names(settings: "Settings") -> tuple[str, ...]:
    """What they are called."""
    return tuple(sink.name for sink in sinks_of(settings))
