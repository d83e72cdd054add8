"""The ops listener: metrics and health of a running server, as Prometheus and Kubernetes see them."""

import json
import os
import signal
import socket
import subprocess
from pathlib import Path
from typing import Any

import pytest
from support.http_client import fetch_many, request
from support.ports import free_ports
from support.programs import find_program
from support.prometheus import Prometheus
from support.scrape import Samples, samples_of, scrape, total
from support.seaweedfs import SeaweedFS
from support.sidecar import AUTH_KEY, Sidecar, StartSidecar
from support.until import PATIENCE_SECONDS, until

from ops.metrics.catalogue import METRICS
from ops.metrics.metric import Metric

METRICS_PATH = "/_proxy/_private/metrics"
BEARER = {"authorization": f"Bearer {AUTH_KEY}"}


@pytest.fixture
def ops_port() -> int:
    """A port for the ops listener."""
    return free_ports(1)[0]


def flags(ops_port: int) -> tuple[str, ...]:
    """Turn the listener on."""
    return ("--ops-port", str(ops_port), "--ops-host", "127.0.0.1")


def asked(port: int) -> float:
    """How many requests were counted, but for those of who waited for the start: they are answered with 403."""
    samples = scrape(port)
    name = "s3_sidecar_requests_total"
    return total(samples, name) - total(samples, name, code="403")


def report(port: int, path: str) -> tuple[int, dict[str, Any]]:
    """Status and document of a check."""
    reply = request(port, "GET", path)
    return reply.status, json.loads(reply.body)


def test_a_scrape(seaweedfs: SeaweedFS, start_sidecar: StartSidecar, ops_port: int, key_prefix: str) -> None:
    """Promtool has no objection, every metric of the catalogue is there, and the numbers are those of the requests."""
    seaweedfs.put(f"{key_prefix}a", b"x" * 1000, content_type="text/plain")
    server = start_sidecar(seaweedfs, *flags(ops_port), workers=2)
    for path in [f"/{key_prefix}a"] * 20 + [f"/{key_prefix}nope"] * 5 + ["/.."] * 3:
        request(server.port, "GET", path)
    until(lambda: asked(ops_port) == 28)
    samples = scrape(ops_port)
    requests = total(samples, "s3_sidecar_requests_total")
    assert total(samples, "s3_sidecar_requests_total", outcome="none") == requests - 25
    assert total(samples, "s3_sidecar_cache_requests_total") == 25
    assert total(samples, "s3_sidecar_request_duration_seconds_count") == requests
    assert total(samples, "s3_sidecar_request_first_byte_seconds_count") == requests
    assert total(samples, "s3_sidecar_cache_served_bytes_total") >= 20_000
    assert total(samples, "s3_sidecar_origin_requests_total", code="200") == 1
    assert total(samples, "s3_sidecar_origin_received_bytes_total") >= 1000
    assert total(samples, "s3_sidecar_workers", state="up") == 2
    text = request(ops_port, "GET", "/metrics").body
    check = subprocess.run([find_program("promtool"), "check", "metrics"], input=text, capture_output=True, check=False)
    assert (check.returncode, check.stdout, check.stderr) == (0, b"", b"")
    lines = text.decode().splitlines()
    assert [
        metric.full_name for metric in METRICS.values() if f"# TYPE {metric.full_name} {metric.kind.value}" not in lines
    ] == []


@pytest.mark.parametrize("metric", METRICS.values(), ids=METRICS)
def test_labels_are_bounded(metric: Metric) -> None:
    """No label takes its value from a request: every set of values is closed, but for versions and processes."""
    assert all(values or name in {"version", "python"} for name, values in metric.labels.items())


@pytest.mark.parametrize("has_listener", [True, False], ids=["listener", "no-listener"])
def test_both_doors_tell_the_same(
    seaweedfs: SeaweedFS, start_sidecar: StartSidecar, ops_port: int, *, has_listener: bool
) -> None:
    """The management endpoint tells of the main process too, before anybody has scraped and without a listener."""
    server = start_sidecar(seaweedfs, *(flags(ops_port) if has_listener else ()))
    told = of_processes(samples_of(request(server.port, "GET", METRICS_PATH, BEARER).body))
    names = {metric.full_name for metric in METRICS.values() if "process" in metric.exposed_labels}
    assert {(name, process) for name, process in told if process == "main"} == {(name, "main") for name in names}
    assert all(told[f"s3_sidecar_process_{name}", "main"] > 0 for name in ("resident_memory_bytes", "open_fds"))
    if has_listener:
        assert told.keys() == of_processes(scrape(ops_port)).keys()


def of_processes(samples: Samples) -> dict[tuple[str, str], float]:
    """The series that each process has its own of."""
    return {
        (name, dict(labels)["process"]): value
        for (name, labels), value in samples.items()
        if dict(labels).get("process")
    }


def test_openmetrics(seaweedfs: SeaweedFS, start_sidecar: StartSidecar, ops_port: int) -> None:
    """Who prefers OpenMetrics gets it, to its end."""
    start_sidecar(seaweedfs, *flags(ops_port))
    reply = request(ops_port, "GET", "/metrics", {"accept": "application/openmetrics-text; version=1.0.0"})
    assert str(reply.header("content-type")).startswith("application/openmetrics-text")
    assert reply.body.endswith(b"# EOF\n")


async def test_prometheus_under_load(
    seaweedfs: SeaweedFS, start_sidecar: StartSidecar, ops_port: int, key_prefix: str, tmp_path: Path
) -> None:
    """A real Prometheus scrapes while requests come in, and the recording rule gives the hit ratio that they had."""
    for number in range(20):
        seaweedfs.put(f"{key_prefix}{number}", b"x" * 100, content_type="text/plain")
    server = start_sidecar(seaweedfs, *flags(ops_port), workers=2)
    with Prometheus(tmp_path, ops_port) as prometheus:
        until(lambda: prometheus.value("up") == 1)
        # A rate needs a series that was there before: the first sample of each is from before the load.
        until(lambda: prometheus.value("count(count_over_time(s3_sidecar_cache_requests_total[1m]) > 2)") is not None)
        for _ in range(5):
            targets = [f"/{key_prefix}{number}" for number in range(20)] * 4
            assert {reply.status for reply in await fetch_many(server.port, targets, concurrency=16)} == {200}
        until(lambda: prometheus.value("sum(s3_sidecar_cache_requests_total)") == 400)
        samples = scrape(ops_port)
        saved = sum(
            total(samples, "s3_sidecar_cache_requests_total", outcome=name) for name in ("hit", "stale", "collapsed")
        )
        name = "s3_sidecar:cache_hit:ratio_rate5m"
        until(lambda: abs((prometheus.value(name) or 0) - saved / 400) < 0.001)
        assert 0.8 < saved / 400 < 1


def test_counters_outlive_a_worker(
    seaweedfs: SeaweedFS, start_sidecar: StartSidecar, ops_port: int, key_prefix: str
) -> None:
    """A worker is killed: it is counted, nothing goes backwards, and the listener answers all the while."""
    seaweedfs.put(f"{key_prefix}a", b"x", content_type="text/plain")
    server = start_sidecar(seaweedfs, *flags(ops_port))
    for _ in range(10):
        request(server.port, "GET", f"/{key_prefix}a")
    until(lambda: asked(ops_port) == 10)
    (pid,) = server.worker_pids()
    os.kill(pid, signal.SIGKILL)
    until(lambda: total(scrape(ops_port), "s3_sidecar_workers", state="down") == 1 or bool(server.worker_pids()))
    assert asked(ops_port) == 10
    until(lambda: total(scrape(ops_port), "s3_sidecar_worker_restarts_total") == 1)
    request(server.port, "GET", f"/{key_prefix}a")
    until(lambda: asked(ops_port) == 11)


def test_it_answers_when_the_workers_hang(seaweedfs: SeaweedFS, start_sidecar: StartSidecar, ops_port: int) -> None:
    """Metrics come at once; after ten seconds without a beat the health check fails, and recovers with the worker."""
    server = start_sidecar(seaweedfs, *flags(ops_port))
    assert report(ops_port, "/healthz")[0] == 200
    (pid,) = server.worker_pids()
    os.kill(pid, signal.SIGSTOP)
    try:
        assert request(ops_port, "GET", "/metrics").status == 200
        # The half minute of the start has to be over before a worker that does not answer counts.
        until(lambda: report(ops_port, "/healthz")[0] != 200, 60 + PATIENCE_SECONDS)
    finally:
        os.kill(pid, signal.SIGCONT)
    until(lambda: report(ops_port, "/healthz")[0] == 200)


def test_ready_once_the_bucket_answers(seaweedfs: SeaweedFS, start_sidecar: StartSidecar, ops_port: int) -> None:
    """Nobody has asked for anything yet: the check asks the bucket itself."""
    start_sidecar(seaweedfs, *flags(ops_port), workers=2)
    until(lambda: report(ops_port, "/readyz")[0] == 200)
    assert {check["status"] for check in report(ops_port, "/readyz")[1]["checks"].values()} == {"pass"}
    until(lambda: total(scrape(ops_port), "s3_sidecar_origin_requests_total") > 0)
    assert total(scrape(ops_port), "s3_sidecar_origin_requests_total") == 1


@pytest.mark.parametrize(
    ("flag", "value"),
    [("--endpoint-url", "http://127.0.0.1:9"), ("--secret", "wrong")],
    ids=["unreachable", "refused"],
)
def test_not_ready(seaweedfs: SeaweedFS, start_sidecar: StartSidecar, ops_port: int, flag: str, value: str) -> None:
    """The body says which check fails; health does not depend on the bucket."""
    start_sidecar(seaweedfs, *flags(ops_port), flag, value, "--origin-first-byte-timeout", "1")
    until(lambda: "does not answer" in report(ops_port, "/readyz")[1]["checks"]["bucket"]["detail"])
    status, document = report(ops_port, "/readyz")
    assert (status, document["status"], document["checks"]["workers"]["status"]) == (503, "fail", "pass")
    assert report(ops_port, "/healthz")[0] == 200


def test_not_ready_while_draining(
    seaweedfs: SeaweedFS, start_sidecar: StartSidecar, ops_port: int, key_prefix: str
) -> None:
    """While an answer is still being sent after SIGTERM, the listener says that the server drains."""
    seaweedfs.put(f"{key_prefix}large", os.urandom(32 * 1024 * 1024), content_type="x/y")
    server = start_sidecar(seaweedfs, *flags(ops_port))
    until(lambda: report(ops_port, "/readyz")[0] == 200)
    with socket.create_connection(("127.0.0.1", server.port)) as reader:
        reader.sendall(f"GET /{key_prefix}large HTTP/1.1\r\nHost: a\r\n\r\n".encode())
        assert reader.recv(1000)
        server.process.send(signal.SIGTERM)
        until(lambda: report(ops_port, "/readyz")[1]["checks"]["draining"]["status"] == "fail")
        assert report(ops_port, "/readyz")[0] == 503
    assert server.process.wait() == 0


def test_a_port_in_use(seaweedfs: SeaweedFS, tmp_path: Path, ops_port: int) -> None:
    """A mistake of the configuration, which names the flag."""
    with socket.create_server(("127.0.0.1", ops_port)):
        server = Sidecar(seaweedfs, *flags(ops_port), folder=tmp_path)
        server.launch()
        assert server.process.wait() == 2
        server.kill()
    assert f"port {ops_port} on 127.0.0.1 is already in use; choose another with --ops-port" in server.log()


def test_only_reads(seaweedfs: SeaweedFS, start_sidecar: StartSidecar, ops_port: int) -> None:
    """Nothing can be changed there, and the page leads to everything there is."""
    start_sidecar(seaweedfs, *flags(ops_port))
    page = request(ops_port, "GET", "/")
    assert all(f'href="{path}"'.encode() in page.body for path in ("/metrics", "/healthz", "/readyz"))
    assert {request(ops_port, "POST", path).status for path in ("/metrics", "/healthz", "/readyz", "/")} == {405}
    assert request(ops_port, "GET", "/_proxy/_private/config").status == 404


def test_a_second_server_of_a_machine_starts_without_it(seaweedfs: SeaweedFS, start_sidecar: StartSidecar) -> None:
    """A port that nobody has asked for keeps nobody from serving; the log says what is missing."""
    usual = ("--ops-port", "", "--ops-host", "127.0.0.1")
    servers = [start_sidecar(seaweedfs, *usual) for _ in range(2)]
    assert "there is no /metrics, /healthz and /readyz: port 9180 on 127.0.0.1 is already in use" in servers[1].log()
    assert [request(server.port, "GET", "/none").status for server in servers] == [404, 404]
