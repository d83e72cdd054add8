"""Prometheus' text format, read."""

import pytest

from ops.cli.exposition import samples_of
from ops.cli.render_metrics import number

TEXT = """\
# HELP s3_sidecar_requests_total Requests.
# TYPE s3_sidecar_requests_total counter
s3_sidecar_requests_total{outcome="hit",code="200"} 12
s3_sidecar_requests_total{outcome="a\\"b"} 1
# TYPE s3_sidecar_lag gauge
s3_sidecar_lag NaN
# TYPE process_open_fds gauge
process_open_fds +Inf
"""

WANTED = {
    "all": ("", 4),
    "whole-name": ("s3_sidecar_requests_total", 2),
    "family": ("s3_sidecar_requests", 2),
    "without-the-prefix": ("requests", 2),
    "another-prefix": ("process", 1),
    "none": ("nothing", 0),
}
NUMBERS = {
    "whole": (1234.0, "1,234"),
    "fraction": (0.12345678, "0.123457"),
    "word": ("nan", "nan"),
    "none": (None, "-"),
}


@pytest.mark.parametrize(("wanted", "expected"), WANTED.values(), ids=WANTED)
def test_wanted(wanted: str, expected: int) -> None:
    """A name, or how it begins."""
    assert len(samples_of(TEXT, wanted)) == expected


def test_json() -> None:
    """What JSON has no number for is text."""
    told = [sample.as_json() for sample in samples_of(TEXT, "")]
    assert told[0] == {
        "name": "s3_sidecar_requests_total",
        "labels": {"outcome": "hit", "code": "200"},
        "value": 12.0,
        "type": "counter",
    }
    assert [sample["value"] for sample in told[2:]] == ["nan", "inf"]


def test_what_is_no_exposition() -> None:
    """A page of something else."""
    with pytest.raises(ValueError, match="html"):
        samples_of("<html>\n", "")


@pytest.mark.parametrize(("value", "expected"), NUMBERS.values(), ids=NUMBERS)
def test_number(value: float | str | None, expected: str) -> None:
    """Whole where it is whole."""
    assert number(value) == expected
