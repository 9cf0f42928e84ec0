"""Spans by OpenTelemetry's SDK, sent to a collector by OTLP over gRPC. Imported where traces are wanted alone."""

import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import Token
from importlib.metadata import version

import structlog
from opentelemetry import context as contexts
from opentelemetry import trace
from opentelemetry.context import Context
from opentelemetry.exporter.otlp.proto.grpc.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.sdk.trace.sampling import ParentBased, TraceIdRatioBased
from opentelemetry.trace import SpanKind, StatusCode
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from cocite.core.settings import Settings
from cocite.serving.tracing import TRACEPARENT

log = structlog.get_logger("cocite.traces")

QUEUED_SPANS = 2048  # beyond, spans are dropped
BATCH, DELAY_MS = 512, 1000
SEND_S = 2.0  # a collector that takes longer does not get what was to be sent
CLOSE_S = 2.0  # for what waits when the process ends
_GOOD = ("OK", "CANCELLED", "NOT_FOUND", "INVALID_ARGUMENT")  # nothing that whoever runs this has to look at
_PROPAGATOR = TraceContextTextMapPropagator()


@contextmanager
def sending(settings: Settings, service: str) -> Iterator["OtelSpans"]:
    """Spans that go to the collector of the settings meanwhile."""
    _log_by_structlog()
    ours = TraceIdRatioBased(settings.traces_ratio)
    # What asks the gateway is anybody, who may not make us trace everything; services go by what their callers do.
    sampler = ParentBased(ours, remote_parent_sampled=ours) if service == "gateway" else ParentBased(ours)
    resource = Resource({"service.name": f"cocite-{service}", "service.version": version("cocite")})
    provider = TracerProvider(sampler=sampler, resource=resource, shutdown_on_exit=False)
    secure = settings.traces_url.startswith("https:")
    exporter = OTLPSpanExporter(endpoint=settings.traces_url, insecure=not secure, timeout=SEND_S)
    provider.add_span_processor(
        BatchSpanProcessor(
            exporter,
            max_queue_size=QUEUED_SPANS,
            max_export_batch_size=BATCH,
            schedule_delay_millis=DELAY_MS,
            export_timeout_millis=SEND_S * 1000,
        )
    )
    try:
        yield OtelSpans(provider.get_tracer("cocite"))
    finally:
        closing = threading.Thread(target=provider.shutdown, name="traces", daemon=True)
        closing.start()
        closing.join(CLOSE_S)  # a dead collector must not hold the process up


class OtelSpans:
    """See tracing.Spans."""

    def __init__(self, tracer: trace.Tracer) -> None:
        self._tracer = tracer

    def serve(self, name: str, parent: str) -> "OtelSpan":
        """See Spans."""
        context = _PROPAGATOR.extract({TRACEPARENT: parent}, Context())
        return OtelSpan(self._tracer.start_span(name, context, SpanKind.SERVER))

    def ask(self, name: str) -> "OtelSpan":
        """See Spans."""
        return OtelSpan(self._tracer.start_span(name, kind=SpanKind.CLIENT))

    def traceparent(self) -> str:
        """See Spans."""
        carrier: dict[str, str] = {}
        _PROPAGATOR.inject(carrier)
        return carrier.get(TRACEPARENT, "")

    def trace_id(self) -> str:
        """See Spans."""
        context = trace.get_current_span().get_span_context()
        return trace.format_trace_id(context.trace_id) if context.is_valid else ""


class OtelSpan:
    """See tracing.Span."""

    def __init__(self, span: trace.Span) -> None:
        self._span = span
        self._token: Token[Context] = contexts.attach(trace.set_span_in_context(span))

    def end(self, code: str) -> None:
        """See Span."""
        contexts.detach(self._token)
        self._span.set_attribute("cocite.code", code)
        if code not in _GOOD and not code.startswith(("2", "3", "4")):
            self._span.set_status(StatusCode.ERROR, code)
        self._span.end()


class _ByStructlog(logging.Handler):
    def emit(self, record: logging.LogRecord) -> None:
        """Say it as everything else is said."""
        log.warning("traces are not sent", detail=record.getMessage().splitlines()[0][:300])


def _log_by_structlog() -> None:
    """What the SDK says goes where our own lines go. It does not say the same thing again and again."""
    logger = logging.getLogger("opentelemetry")
    logger.setLevel(logging.WARNING)
    logger.propagate = False
    logger.handlers = [_ByStructlog()]
