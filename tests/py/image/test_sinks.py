"""What only some configurations load is in the image, and whole: the driver of MongoDB, places, OpenTelemetry."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from support.collector import Collector
from support.http_client import request
from support.locations import MUNICH, write_database
from support.mongo import Mongo
from support.podman import LOCKED_DOWN, SOMEBODY, Container, Podman
from support.ports import free_ports
from support.seaweedfs import SeaweedFS
from support.site_container import settings, wait_until_served
from support.until import until

pytestmark = pytest.mark.image

MEMORY = ("--memory", "256m", "--memory-swap", "256m")
TRACE_ID = "4bf92f3577b34da6a3ce929d0e0e4736"


@pytest.fixture
def mongo(tmp_path: Path) -> Iterator[Mongo]:
    """Run a server that takes records."""
    with Mongo(tmp_path) as server:
        yield server


@pytest.fixture
def collector() -> Iterator[Collector]:
    """Take what is exported."""
    with Collector() as running:
        yield running


@pytest.fixture
def places(tmp_path: Path) -> tuple[str, ...]:
    """Write a database of places that anybody may read; what mounts it."""
    tmp_path.chmod(0o755)
    write_database(tmp_path / "city.mmdb")
    (tmp_path / "city.mmdb").chmod(0o444)
    return ("-v", f"{tmp_path}/city.mmdb:/geo/city.mmdb:ro")


@pytest.fixture
def environment(site: SeaweedFS, mongo: Mongo, collector: Collector) -> dict[str, str]:
    """What the server is told, all that only some tell it included."""
    return settings(site, *free_ports(2)) | {
        "MONGO_URI": mongo.uri,
        "MMDB_FILE": "/geo/city.mmdb",
        "OTEL_EXPORTER_OTLP_ENDPOINT": collector.url,
        "OTEL_BSP_SCHEDULE_DELAY": "50",
    }


@pytest.fixture
def container(podman: Podman, image: str, environment: dict[str, str], places: tuple[str, ...]) -> Iterator[Container]:
    """Serve the site."""
    options = (*LOCKED_DOWN, *MEMORY, *places, "--network", "host", "--user", SOMEBODY)
    with podman.start(image, *options, env=environment) as running:
        wait_until_served(int(environment["PORT"]), running)
        yield running


def test_a_request_is_recorded_and_traced(
    container: Container, environment: dict[str, str], mongo: Mongo, collector: Collector
) -> None:
    """One request becomes a document with its place, and a span of the client's trace that tells of the bucket's."""
    headers = {"traceparent": f"00-{TRACE_ID}-00f067aa0ba902b7-01", "x-real-ip": MUNICH}
    assert request(int(environment["PORT"]), "GET", "/robots.txt", headers).status == 200
    server, client = collector.spans(TRACE_ID, 2)
    assert (server.kind, client.kind, client.parent_id) == ("server", "client", server.span_id)
    documents = mongo.client["metrics"]["request"]
    until(lambda: documents.count_documents({"resource": "/robots.txt"}) == 1)
    (document,) = documents.find({"resource": "/robots.txt"})
    assert (document["ipaddress"], document["location"]["city"]) == (MUNICH, "Munich")
    print(f"with records and traces: {container.memory()['kept'] / 2**20:.1f} MiB")  # noqa: T201 - a reading
    assert "Traceback" not in container.log()
    assert container.stop() == 0
