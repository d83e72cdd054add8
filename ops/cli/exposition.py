"""Prometheus' text format, read."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from prometheus_client.parser import text_string_to_metric_families


@dataclass(frozen=True, slots=True)
class Sample:
    """One number; `metric` is its family, `kind` that one's type."""

    metric: str
    kind: str
    name: str
    labels: Mapping[str, str]
    value: float
    help: str

    def as_json(self) -> dict[str, Any]:
        """The same for machines; what is no number of JSON is text."""
        is_finite = abs(self.value) < float("inf")
        value = self.value if is_finite else str(self.value)
        return {"name": self.name, "labels": dict(self.labels), "value": value, "type": self.kind}


def samples_of(text: str, wanted: str) -> list[Sample]:
    """The samples whose names begin with `wanted`, with or without the project's prefix. Raises ValueError."""
    return [sample for sample in _samples(text) if _is_wanted(sample, wanted)]


def _is_wanted(sample: Sample, wanted: str) -> bool:
    return any(
        name.removeprefix("s3_sidecar_").startswith(wanted) or name.startswith(wanted)
        for name in (sample.name, sample.metric)
    )


def _samples(text: str) -> Iterator[Sample]:
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            yield Sample(family.name, family.type, sample.name, sample.labels, sample.value, family.documentation)
