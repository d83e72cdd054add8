"""Which sinks the settings ask for: the one place where they are made.

A sink is a row of `_ROWS` and a value of `SINKS` in the metrics' catalogue. Workers and the main process ask for names
only: what a sink needs is imported where it is made, in the process that writes records.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING, NamedTuple

from ops.sinks.file import FileSink

if TYPE_CHECKING:
    from collections.abc import Callable

    from ops.sinks.base import Sink
    from sidecar.settings import Settings


class _Row(NamedTuple):
    is_wanted: "Callable[[Settings], bool]"
    make: "Callable[[Settings], Sink]"


def sink_names(settings: "Settings") -> tuple[str, ...]:
    """What those that are wanted are called."""
    return tuple(name for name, row in _ROWS.items() if row.is_wanted(settings))


def sinks_of(settings: "Settings") -> "list[Sink]":
    """One for each place that records go to."""
    return [_ROWS[name].make(settings) for name in sink_names(settings)]


def _file(settings: "Settings") -> "Sink":
    assert settings.record_file is not None  # noqa: S101 - it is wanted
    return FileSink(settings.record_file)


def _akumuli(settings: "Settings") -> "Sink":
    from ops.sinks.akumuli import AkumuliSink  # noqa: PLC0415 - see above

    assert settings.akumuli_host is not None  # noqa: S101 - it is wanted
    return AkumuliSink(settings.akumuli_host, settings.akumuli_port, settings.akumuli_metric_prefix)


def _mongo(settings: "Settings") -> "Sink":
    from ops.sinks.mongo import MongoSink  # noqa: PLC0415 - see above: it takes 20 MB

    assert settings.mongo_uri is not None  # noqa: S101 - it is wanted
    uri, ttl_days = settings.mongo_uri.reveal(), settings.mongo_ttl_days
    return MongoSink(uri, settings.mongo_database, settings.mongo_collection, ttl_days)


_ROWS: Mapping[str, _Row] = {
    "akumuli": _Row(lambda settings: settings.akumuli_host is not None, _akumuli),
    "mongo": _Row(lambda settings: settings.mongo_uri is not None, _mongo),
    "file": _Row(lambda settings: settings.record_file is not None, _file),
}
