"""Traces: passed on to a real store, and exported to a collector that decodes what it gets."""

import json
import re
import signal
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from support.collector import CollectedSpan, Collector
from support.http_client import Connection, request
from support.relay import Relay
from support.seaweedfs import SeaweedFS
from support.sidecar import AUTH_KEY, Sidecar
from support.site import Site
from support.until import until

PARENT_ID = "00f067aa0ba902b7"
ROOT = Path(__file__).parents[3]
QUICK = {"OTEL_BSP_SCHEDULE_DELAY": "50"}


def traceparent(number: int, flags: str = "01") -> tuple[str, str]:
    """A trace's id, and the header that tells of it."""
    trace_id = f"{number:032x}"
    return trace_id, f"00-{trace_id}-{PARENT_ID}-{flags}"


@pytest.fixture(scope="module")
def collector() -> Iterator[Collector]:
    """Take what is exported."""
    with Collector() as running:
        yield running


@pytest.fixture(scope="module")
def plain(seaweedfs: SeaweedFS, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """Serve without OpenTelemetry."""
    with Relay(seaweedfs) as relay, Sidecar(relay, folder=tmp_path_factory.mktemp("plain")) as server:
        yield Site(seaweedfs, relay, server)


@pytest.fixture(scope="module")
def traced(seaweedfs: SeaweedFS, collector: Collector, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """Serve with OpenTelemetry."""
    env = QUICK | {"OTEL_EXPORTER_OTLP_ENDPOINT": collector.url, "OTEL_RESOURCE_ATTRIBUTES": "deployment=test"}
    with Relay(seaweedfs) as relay, Sidecar(relay, env=env, folder=tmp_path_factory.mktemp("traced")) as server:
        yield Site(seaweedfs, relay, server)


def told(site: Site, key: str) -> list[str | None]:
    """What the store was told of traces, for each request for the object."""
    return [exchange.header("traceparent") for exchange in site.relay.exchanges if exchange.key == key]


def test_the_store_takes_it(plain: Site, key_prefix: str) -> None:
    """A real store takes a request that has more fields than were signed; without a trace nothing is told."""
    for name in ("a", "b", "c"):
        plain.store.put(f"{key_prefix}{name}", b"abc")
    trace_id, sent = traceparent(1)
    assert plain.get(f"/{key_prefix}a").status == 200
    assert plain.get(f"/{key_prefix}b", traceparent=sent).status == 200
    assert plain.get(f"/{key_prefix}c", traceparent=sent.upper()).status == 200
    assert told(plain, f"{key_prefix}a") == told(plain, f"{key_prefix}c") == [None]
    (passed_on,) = told(plain, f"{key_prefix}b")
    assert passed_on is not None
    assert re.fullmatch(rf"00-{trace_id}-(?!{PARENT_ID})[0-9a-f]{{16}}-01", passed_on)


def test_a_fill_is_told_of_its_leaders_trace(plain: Site, key_prefix: str) -> None:
    """Of all who wait for an object, it is the first for whom the store is asked."""
    key = f"{key_prefix}cold"
    plain.store.put(key, b"abc")
    traces = [traceparent(number) for number in range(10, 15)]
    with ThreadPoolExecutor(len(traces)) as clients, plain.relay.hold(key) as barrier:
        first = clients.submit(plain.get, f"/{key}", traceparent=traces[0][1])
        plain.server.process.wait_until(lambda: plain.fetches(key) == 1)
        others = [clients.submit(plain.get, f"/{key}", traceparent=sent) for _, sent in traces[1:]]
        barrier.release()
        assert {asked.result().status for asked in (first, *others)} == {200}
    (passed_on,) = told(plain, key)
    assert passed_on is not None
    assert traces[0][0] in passed_on


def test_a_trace_ends_with_its_request(plain: Site, key_prefix: str) -> None:
    """What is asked of the same connection afterwards, and begins a task of its own, has no part in it."""
    for name in ("a", "b"):
        plain.store.put(f"{key_prefix}{name}", b"abc")
    with Connection(plain.server.port) as connection:
        assert connection.request("GET", f"/{key_prefix}a", {"traceparent": traceparent(20)[1]}).status == 200
        order = json.dumps({"keys": [f"{key_prefix}b"]}).encode()
        fields = {"Authorization": f"Bearer {AUTH_KEY}", "Content-Type": "application/json"}
        assert connection.request("POST", "/_proxy/_private/cache/warm", fields, order).status == 200
    assert told(plain, f"{key_prefix}b") == [None]


def test_spans(traced: Site, collector: Collector, key_prefix: str) -> None:
    """A request's span is its caller's child, and that of the request to the store is its child."""
    key = f"{key_prefix}a.txt"
    traced.store.put(key, b"abc")
    trace_id, sent = traceparent(100)
    query = f"v=1&sig=s3cr3t&key={AUTH_KEY}"
    headers = {"traceparent": sent, "tracestate": "rojo=1", "user_agent": f"agent {AUTH_KEY}", "host": "a.example:81"}
    assert traced.get(f"/{key}?{query}", **headers).status == 200
    server, client = collector.spans(trace_id, 2)
    assert (server.kind, server.name, server.parent_id, server.state) == ("server", "GET", PARENT_ID, "rojo=1")
    assert (client.kind, client.name, client.parent_id) == ("client", "GET", server.span_id)
    assert told(traced, key) == [f"00-{trace_id}-{client.span_id}-01"]
    assert server.attributes == {
        "http.request.method": "GET",
        "http.response.status_code": 200,
        "http.response.body.size": 3,
        "url.path": f"/{key}",
        "url.query": "v=1&sig=REDACTED&key=****",
        "url.scheme": "http",
        "network.protocol.version": "1.1",
        "server.address": "a.example",
        "server.port": 81,
        "user_agent.original": "agent ****",
        "client.address": "127.0.0.1",
        "s3_sidecar.cache.outcome": "miss",
    }
    endpoint = traced.relay.endpoint
    assert client.attributes == {
        "http.request.method": "GET",
        "http.response.status_code": 200,
        "server.address": "127.0.0.1",
        "server.port": int(endpoint.url.rpartition(":")[2]),
        "url.full": f"{endpoint.url}/{endpoint.bucket}/{key}",
    }
    assert server.resource["service.name"] == "s3-sidecar"
    assert server.resource["deployment"] == "test"
    assert server.start_ns <= client.start_ns <= client.end_ns
    assert server.start_ns < server.end_ns
    assert not server.is_error
    for secret in (AUTH_KEY, endpoint.secret_key, endpoint.access_key, "s3cr3t", "Signature"):
        assert secret.encode() not in collector.raw


def test_a_request_without_a_trace_begins_one(traced: Site, collector: Collector, key_prefix: str) -> None:
    """The store hears of it too."""
    key = f"{key_prefix}b.txt"
    traced.store.put(key, b"abc")
    assert traced.get(f"/{key}").status == 200
    (sent,) = told(traced, key)
    assert sent is not None
    server, client = collector.spans(sent[3:35], 2)
    assert (server.parent_id, client.span_id) == ("", sent[36:52])


def test_what_is_not_sampled_is_not_exported(traced: Site, collector: Collector, key_prefix: str) -> None:
    """It is passed on as it was decided."""
    key = f"{key_prefix}c.txt"
    traced.store.put(key, b"abc")
    trace_id, sent = traceparent(101, "00")
    traced.get(f"/{key}", traceparent=sent)
    later, sent_later = traceparent(102)
    traced.get(f"/{key}", traceparent=sent_later)
    collector.spans(later, 1)
    assert [span for span in collector.all_spans() if span.trace_id == trace_id] == []
    (passed_on,) = told(traced, key)
    assert passed_on is not None
    assert passed_on.startswith(f"00-{trace_id}-")
    assert passed_on.endswith("-00")


def test_hot_answers(traced: Site, collector: Collector, key_prefix: str) -> None:
    """They have a span if the client's trace is sampled, and none of their own."""
    key = f"{key_prefix}hot.txt"
    traced.store.put(key, b"abc")
    for _ in range(5):
        traced.get(f"/{key}")
    trace_id, sent = traceparent(103)
    before = len(hits(collector, key))
    traced.get(f"/{key}", traceparent=sent)
    (span,) = collector.spans(trace_id, 1)
    assert (span.kind, span.parent_id, span.attributes["s3_sidecar.cache.outcome"]) == ("server", PARENT_ID, "hit")
    assert span.attributes["http.response.status_code"] == 200
    assert span.start_ns < span.end_ns < span.start_ns + 60 * 10**9
    assert before < 5  # the first of them were not hot yet


def test_failures(traced: Site, collector: Collector, key_prefix: str) -> None:
    """What the store refuses is an error of the span of its request; what is answered by 5xx one of the server's."""
    key = f"{key_prefix}broken"
    traced.relay.answer(key, 500)
    trace_id, sent = traceparent(104)
    assert traced.get(f"/{key}", traceparent=sent).status == 503
    spans = collector.spans(trace_id, 4)
    traced.relay.heal()
    server = next(span for span in spans if span.kind == "server")
    assert (server.is_error, server.attributes["error.type"]) == (True, "503")
    tries = [span for span in spans if span.kind == "client"]
    assert {(span.is_error, span.attributes["error.type"], span.parent_id) for span in tries} == {
        (True, "500", server.span_id)
    }
    assert len({span.span_id for span in spans}) == len(spans) == 4


def test_a_dead_collector_harms_nobody(seaweedfs: SeaweedFS, tmp_path: Path, key_prefix: str) -> None:
    """Requests are answered, it is told once, and the end is not held up."""
    seaweedfs.put(f"{key_prefix}a", b"abc")
    env = QUICK | {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:9", "OTEL_EXPORTER_OTLP_TIMEOUT": "1"}
    with Sidecar(seaweedfs, env=env, folder=tmp_path) as server:
        for _ in range(3):
            assert request(server.port, "GET", f"/{key_prefix}a").status == 200
            server.process.wait_until(lambda: "traces are not exported, and lost until" in server.log())
        assert server.process.terminate(signal.SIGTERM) == 0
        assert server.log().count("traces are not exported") == 1
        assert "Transient error" not in server.log()


def test_without_the_extra(seaweedfs: SeaweedFS, tmp_path: Path) -> None:
    """An endpoint without OpenTelemetry is told in one line, and the server serves."""
    shadow = tmp_path / "shadow" / "opentelemetry"
    shadow.mkdir(parents=True)
    (shadow / "__init__.py").write_text('raise ImportError("there is no OpenTelemetry here")\n')
    env = {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:9", "PYTHONPATH": f"{shadow.parent}:{ROOT}"}
    with Sidecar(seaweedfs, env=env, folder=tmp_path, workers=2) as server:
        until(lambda: "no traces are exported" in server.log())
        assert server.log().count("no traces are exported") == 1
        assert "install s3-sidecar[otel]" in server.log()


def test_variables_that_cannot_be_used(seaweedfs: SeaweedFS, tmp_path: Path, key_prefix: str) -> None:
    """They are told, without the tokens that are in them, and the server serves."""
    env = {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:9", "OTEL_EXPORTER_OTLP_HEADERS": "authorization s3cr3t"}
    env |= {"OTEL_BSP_MAX_QUEUE_SIZE": "0"}
    with Sidecar(seaweedfs, env=env, folder=tmp_path) as server:
        assert request(server.port, "GET", f"/{key_prefix}none").status == 404
        until(lambda: "no traces are exported: a variable OTEL_… of the environment" in " ".join(server.messages()))
        assert "Header format invalid" in server.log()
        assert "s3cr3t" not in server.log()


def test_what_is_left_is_exported_at_the_end(
    seaweedfs: SeaweedFS, collector: Collector, tmp_path: Path, key_prefix: str
) -> None:
    """A span of the last moment is not lost with its process."""
    env = {"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": f"{collector.url}/v1/traces", "OTEL_SERVICE_NAME": "mine"}
    trace_id, sent = traceparent(105)
    with Sidecar(seaweedfs, env=env, folder=tmp_path) as server:
        assert request(server.port, "GET", f"/{key_prefix}none", {"traceparent": sent}).status == 404
        assert server.stop() == 0
    spans = collector.spans(trace_id, 2)
    assert spans[0].resource["service.name"] == "mine"


def hits(collector: Collector, key: str) -> list[CollectedSpan]:
    """The spans of answers with an object."""
    return [span for span in collector.all_spans() if span.attributes.get("url.path") == f"/{key}"]
