"""Spans for OpenTelemetry, by its SDK, which reads its own variables of the environment.

A request that reaches Sanic has a span of the server's from its beginning on, and each request to the bucket that it
causes one of the client's. An answer out of memory has one only if its client's trace is sampled, made afterwards.
"""

import logging
import threading
from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit, urlunsplit

from opentelemetry.context import Context
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import SERVICE_NAME, SERVICE_VERSION, Resource
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter, SpanExportResult
from opentelemetry.trace import (
    NonRecordingSpan,
    Span,
    SpanContext,
    SpanKind,
    Status,
    StatusCode,
    TraceFlags,
    Tracer,
    TraceState,
    set_span_in_context,
)

from sidecar.http.trace_context import TraceContext
from sidecar.log.masking import masking_of_requests
from sidecar.observe import CLIENT_CLOSED_REQUEST, Observer, RecordObserver, Request, RequestRecord
from sidecar.span_attributes import HTTP_STATUS, attributes_of_request, method_of
from sidecar.version import version

if TYPE_CHECKING:
    from opentelemetry.util.types import AttributeValue

    from sidecar.trace import Fields

logger = logging.getLogger(__name__)

_NAME: Final = "s3-sidecar"
_LAST_SECONDS: Final = 1.0
_FIRST_CLIENT_ERROR: Final = 400
_FIRST_SERVER_ERROR: Final = 500


class Tracing:
    """Begins spans and ends them; a thread of the SDK exports them, many together, and loses what nobody takes."""

    def __init__(self, secrets: tuple[str, ...], *, scheme: str) -> None:
        """Export what is no secret of requests that come by `scheme`, http or https."""
        logging.getLogger("opentelemetry.util.re").addFilter(_without_values)
        self._provider = TracerProvider(resource=_resource(), shutdown_on_exit=False)
        self._provider.add_span_processor(BatchSpanProcessor(_TellingExporter()))
        self._tracer = self._provider.get_tracer(_NAME, version())
        self._describe = partial(attributes_of_request, masking=masking_of_requests(secrets), scheme=scheme)

    def begin(self, request: Request) -> "ServerTrace":
        """Begin the span of a request; it goes on with the client's trace, if there is one."""
        incoming = TraceContext.parse(request.header("traceparent"), request.header("tracestate"))
        parent = None if incoming is None else _remote(incoming)
        span = self._tracer.start_span(method_of(request), parent, SpanKind.SERVER, self._describe(request))
        return ServerTrace(self._tracer, span, None if incoming is None else incoming.state)

    def observing(self, other: Observer) -> "SpanObserver":
        """What ends the spans of requests that were answered; `other` hears of them first."""
        return SpanObserver(other, self)

    def note(self, request: Request, record: RequestRecord) -> None:
        """Make the span of an answer that was given at once, if its client's trace is sampled."""
        traceparent = request.header("traceparent")
        incoming = None if traceparent is None else TraceContext.parse(traceparent, request.header("tracestate"))
        if incoming is None or not incoming.is_sampled:
            return
        span = self._tracer.start_span(
            method_of(request),
            _remote(incoming),
            SpanKind.SERVER,
            self._describe(request),
            start_time=record.timestamp_ns,
        )
        _tell_answer(span, record)
        span.end(record.timestamp_ns + record.duration_ns)

    def close(self) -> None:
        """Export what is left, for a second at most: whoever waits for this process has more to do than that."""
        ending = threading.Thread(target=self._provider.shutdown, name="export the last spans", daemon=True)
        ending.start()
        ending.join(_LAST_SECONDS)


class ServerTrace:
    """The span of one request; `state` is the client's tracestate."""

    def __init__(self, tracer: Tracer, span: Span, state: str | None) -> None:
        self._tracer = tracer
        self._span = span
        self._state = state

    def ask(self, method: str, url: str) -> "ClientAsking":
        """Begin the span of a request to the bucket."""
        parts = urlsplit(url)
        attributes: dict[str, AttributeValue] = {
            "http.request.method": method,
            "server.address": parts.hostname or "",
            "server.port": parts.port or (443 if parts.scheme == "https" else 80),
            # Without a user and a password, should an endpoint be given with them.
            "url.full": urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2])),
        }
        within = set_span_in_context(self._span)
        return ClientAsking(self._tracer.start_span(method, within, SpanKind.CLIENT, attributes), self._state)

    def end(self, record: RequestRecord) -> None:
        """The request is answered."""
        _tell_answer(self._span, record)
        self._span.end()


class ClientAsking:
    """The span of one request to the bucket."""

    def __init__(self, span: Span, state: str | None) -> None:
        self._span = span
        context = span.get_span_context()
        own = TraceContext(f"{context.trace_id:032x}", f"{context.span_id:016x}", int(context.trace_flags), state)
        self.fields: Fields = own.fields()

    def answered(self, status: int) -> None:
        """The answer has begun, and that is what the span is about."""
        self._span.set_attribute(HTTP_STATUS, status)
        if status >= _FIRST_CLIENT_ERROR:
            _tell_error(self._span, str(status))
        self._span.end()

    def failed(self, error: BaseException) -> None:
        """There is no answer. What the error says is not told: it may repeat anything."""
        _tell_error(self._span, f"{type(error).__module__}.{type(error).__qualname__}")
        self._span.end()


class SpanObserver(RecordObserver):
    """Ends the spans of requests that were answered."""

    def __init__(self, other: Observer, tracing: Tracing) -> None:
        super().__init__(other)
        self._other = other
        self._tracing = tracing

    def request_answered(self, record: RequestRecord) -> None:
        """End its span, or make one."""
        self._other.request_answered(record)
        request = record.request
        if request is None:
            return
        if isinstance(request.trace, ServerTrace):
            request.trace.end(record)
        else:
            self._tracing.note(request, record)


class _TellingExporter(SpanExporter):
    """OpenTelemetry's exporter by HTTP, which tells of a collector that does not answer once, and not each time."""

    def __init__(self) -> None:
        self._exporter = OTLPSpanExporter()
        self._is_failing = False
        self._last_words = ""
        logging.getLogger(OTLPSpanExporter.__module__).addFilter(self._take_note)

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        """Export them, in the SDK's own thread."""
        result = self._exporter.export(spans)
        if result is SpanExportResult.SUCCESS and self._is_failing:
            logger.info("traces are exported again")
        elif result is not SpanExportResult.SUCCESS and not self._is_failing:
            logger.error("traces are not exported, and lost until they can be: %s", self._last_words)
        self._is_failing = result is not SpanExportResult.SUCCESS
        return result

    def shutdown(self) -> None:
        """Let go of the connection."""
        self._exporter.shutdown()  # type: ignore[no-untyped-call]

    def force_flush(self, timeout_millis: int = 30_000) -> bool:
        """Nothing is held here."""
        return True

    def _take_note(self, record: logging.LogRecord) -> bool:
        self._last_words = record.getMessage()
        return False


def _without_values(record: logging.LogRecord) -> bool:
    """The SDK tells of headers that it cannot read by repeating them, and a token is what they are for."""
    record.args = ("****",) * len(record.args or ())
    return True


def _resource() -> Resource:
    found = Resource.create()
    own = {SERVICE_NAME: _NAME, SERVICE_VERSION: version()}
    named = {name for name, value in found.attributes.items() if not str(value).startswith("unknown_service")}
    return found.merge(Resource({name: value for name, value in own.items() if name not in named}))


def _remote(context: TraceContext) -> Context:
    flags, state = TraceFlags(context.flags), TraceState.from_header([context.state or ""])
    span = SpanContext(int(context.trace_id, 16), int(context.parent_id, 16), True, flags, state)
    return set_span_in_context(NonRecordingSpan(span))


def _tell_answer(span: Span, record: RequestRecord) -> None:
    status = record.status or CLIENT_CLOSED_REQUEST
    span.set_attribute(HTTP_STATUS, status)
    span.set_attribute("http.response.body.size", record.body_bytes)
    span.set_attribute("client.address", record.client.address)
    span.set_attribute("s3_sidecar.cache.outcome", record.outcome)
    if status >= _FIRST_SERVER_ERROR:
        _tell_error(span, str(status))


def _tell_error(span: Span, what: str) -> None:
    span.set_attribute("error.type", what)
    span.set_status(Status(StatusCode.ERROR))
