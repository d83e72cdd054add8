"""What the ops listener tells of metrics."""

from prometheus_client.parser import text_string_to_metric_families

from support.http_client import request

Samples = dict[tuple[str, frozenset[tuple[str, str]]], float]


def scrape(port: int) -> Samples:
    """Every series of a scrape."""
    return samples_of(request(port, "GET", "/metrics").body)


def samples_of(text: bytes) -> Samples:
    """Every series of an exposition."""
    families = text_string_to_metric_families(text.decode())
    return {(s.name, frozenset(s.labels.items())): s.value for family in families for s in family.samples}


def total(samples: Samples, name: str, **labels: str) -> float:
    """The sum of the series with these labels."""
    return sum(
        value
        for (found, with_labels), value in samples.items()
        if found == name and labels.items() <= dict(with_labels).items()
    )
