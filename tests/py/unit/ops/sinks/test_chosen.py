"""Which sinks the settings ask for."""

import pytest

from ops.metrics.catalogue import SINKS
from ops.sinks.chosen import sink_names, sinks_of
from sidecar.settings import load


@pytest.mark.parametrize(
    ("given", "names"),
    [({}, ()), ({"record_file": "/tmp/records"}, ("file",))],  # noqa: S108 - never written
    ids=["none", "file"],
)
def test_sinks(given: dict[str, str], names: tuple[str, ...]) -> None:
    """Each that is asked for, by the name that it has itself, and that metrics know."""
    settings = load({"bucket": "site", **given}, {})
    assert sink_names(settings) == tuple(sink.name for sink in sinks_of(settings)) == names
    assert set(names) <= set(SINKS)
