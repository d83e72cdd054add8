"""The metrics as Prometheus reads them."""

import itertools
from collections.abc import Callable, Iterator

from prometheus_client import CollectorRegistry
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily
from prometheus_client.core import Metric as Family
from prometheus_client.exposition import choose_encoder
from prometheus_client.registry import Collector
from prometheus_client.utils import floatToGoString

from ops.metrics.catalogue import METRICS
from ops.metrics.metric import Kind, Metric, Source
from ops.metrics.overview import Overview


class Exposition(Collector):
    """What is written for a scrape; `look` gives the numbers of the moment."""

    def __init__(self, look: Callable[[], Overview]) -> None:
        self._look = look
        self._registry = CollectorRegistry()
        self._registry.register(self)

    def write(self, accept: str = "") -> tuple[bytes, str]:
        """The text, and its media type: OpenMetrics for who prefers that."""
        encode, media_type = choose_encoder(accept)
        return encode(self._registry), media_type

    def describe(self) -> list[Family]:
        """Nothing: the registry need not look to know the names."""
        return []

    def collect(self) -> Iterator[Family]:
        """Every metric of the catalogue, in its order."""
        overview = self._look()
        worked_out = overview.worked_out()
        for metric in METRICS.values():
            family = _family(metric)
            if metric.source is Source.WORKED_OUT:
                for labels, value in worked_out[metric.name].items():
                    family.add_metric(labels, value)  # type: ignore[attr-defined]  # the base class has none
            else:
                _fill(family, metric, overview)
            yield family


def _family(metric: Metric) -> Family:
    kinds = {Kind.COUNTER: CounterMetricFamily, Kind.GAUGE: GaugeMetricFamily, Kind.HISTOGRAM: HistogramMetricFamily}
    made: Family = kinds[metric.kind](metric.full_name, metric.help, labels=metric.exposed_labels)
    return made


def _fill(family: Family, metric: Metric, overview: Overview) -> None:
    for labels, numbers in overview.values(metric):
        if isinstance(family, HistogramMetricFamily):
            buckets = zip(_bounds(metric), itertools.accumulate(numbers[1:]), strict=True)
            family.add_metric(labels, [(bound, float(count)) for bound, count in buckets], numbers[0] / metric.scale)
        else:
            family.add_metric(labels, numbers[0] / metric.scale)  # type: ignore[attr-defined]  # likewise


def _bounds(metric: Metric) -> list[str]:
    return [*map(floatToGoString, metric.buckets), "+Inf"]
