"""A collector of traces: takes OpenTelemetry's export by HTTP, and shows the spans."""

import gzip
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, NamedTuple, Self

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from support.until import PATIENCE_SECONDS


class CollectedSpan(NamedTuple):
    """One span; ids are hexadecimal, `parent_id` is empty for a root, instants are nanoseconds since 1970."""

    name: str
    kind: str
    trace_id: str
    span_id: str
    parent_id: str
    state: str
    is_error: bool
    attributes: dict[str, Any]
    resource: dict[str, Any]
    start_ns: int
    end_ns: int


class Collector:
    """Listens on a free port; a context manager that runs it."""

    def __init__(self) -> None:
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._thread = threading.Thread(target=self._server.serve_forever)
        self._spans: list[CollectedSpan] = []
        self._bodies: list[bytes] = []
        self._changed = threading.Condition()

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    @property
    def url(self) -> str:
        """What OTEL_EXPORTER_OTLP_ENDPOINT is to be."""
        return f"http://127.0.0.1:{self._server.server_port}"

    @property
    def raw(self) -> bytes:
        """All that was exported so far."""
        return b"".join(self._bodies)

    def spans(self, trace_id: str, count: int) -> list[CollectedSpan]:
        """The spans of a trace, from its first on, as soon as there are so many. Raises TimeoutError."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        with self._changed:
            while len(found := [span for span in self._spans if span.trace_id == trace_id]) < count:
                if not self._changed.wait(deadline - time.monotonic()):
                    raise TimeoutError(f"{len(found)} of {count} spans: {found}")
        return sorted(found, key=lambda span: span.start_ns)

    def all_spans(self) -> list[CollectedSpan]:
        """What has come so far."""
        return list(self._spans)

    def _take(self, body: bytes) -> None:
        request = ExportTraceServiceRequest.FromString(body)
        with self._changed:
            self._bodies.append(body)
            for group in request.resource_spans:
                resource = _attributes(group.resource.attributes)
                for scope in group.scope_spans:
                    self._spans += [_span(span, resource) for span in scope.spans]
            self._changed.notify_all()

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        take = self._take

        class Handler(BaseHTTPRequestHandler):
            """Takes an export."""

            def do_POST(self) -> None:
                """Read it and say that it was taken."""
                body = self.rfile.read(int(self.headers["content-length"]))
                is_zipped = self.headers["content-encoding"] == "gzip"
                status = 200 if self.path == "/v1/traces" else 404
                if status == 200:
                    take(gzip.decompress(body) if is_zipped else body)
                self.send_response(status)
                self.send_header("content-length", "0")
                self.end_headers()

            def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the library's name
                """Keep silent."""

        return Handler


def _span(span: Any, resource: dict[str, Any]) -> CollectedSpan:
    return CollectedSpan(
        name=span.name,
        kind={2: "server", 3: "client"}[span.kind],
        trace_id=span.trace_id.hex(),
        span_id=span.span_id.hex(),
        parent_id=span.parent_span_id.hex(),
        state=span.trace_state,
        is_error=span.status.code == 2,
        attributes=_attributes(span.attributes),
        resource=resource,
        start_ns=span.start_time_unix_nano,
        end_ns=span.end_time_unix_nano,
    )


def _attributes(pairs: Any) -> dict[str, Any]:
    return {pair.key: getattr(pair.value, pair.value.WhichOneof("value")) for pair in pairs}
