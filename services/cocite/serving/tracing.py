"""Traces of requests through all services: what the rest of cocite knows of OpenTelemetry, which is loaded when asked.

Off unless COCITE_TRACES_URL names a collector. Context travels as W3C traceparent: in HTTP headers to the gateway, in
metadata between services, beside the request's id. Spans wait in a bounded queue and are sent by a thread; where the
collector is dead they are dropped, and nothing else changes.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from importlib.util import find_spec
from types import TracebackType
from typing import Any, Protocol
from urllib.parse import urlsplit

from cocite.core.errors import InvalidArgument, NotReady
from cocite.core.settings import Settings
from cocite.serving.request_id import REQUEST_ID, request_id_of_call

TRACEPARENT = "traceparent"

Metadata = tuple[tuple[str, str], ...]


class Span(Protocol):
    """A piece of work under way; everything begun meanwhile in the same thread or task is a part of it."""

    def end(self, code: str) -> None:
        """It has ended, by the name of a gRPC code or the number of an HTTP status."""


class Spans(Protocol):
    """Begins spans."""

    def serve(self, name: str, parent: str) -> Span:
        """A request is answered, whose caller said this as traceparent, "" for nothing."""

    def ask(self, name: str) -> Span:
        """Somebody else is asked."""

    def traceparent(self) -> str:
        """What tells others of the span under way, "" for none."""

    def trace_id(self) -> str:
        """Id of the trace under way, "" for none."""


_spans: Spans | None = None  # of this process; set once, before it serves


@contextmanager
def tracing(settings: Settings, service: str) -> Iterator[None]:
    """Meanwhile trace what this process does, if the settings say where to.

    Raises InvalidArgument for an address that is none, NotReady without the extra that this needs.
    """
    global _spans
    if not settings.traces_url:
        yield
        return
    address = urlsplit(settings.traces_url)
    if address.scheme not in ("http", "https") or not address.hostname:
        raise InvalidArgument(
            "COCITE_TRACES_URL is wrong", hint="write it as http://host:4317", field="COCITE_TRACES_URL"
        )
    if find_spec("opentelemetry.exporter") is None:
        raise NotReady("COCITE_TRACES_URL needs OpenTelemetry", hint="pip install 'cocite[traces]'")
    from cocite.serving.tracing_otlp import sending

    with sending(settings, service) as spans:
        _spans = spans
        try:
            yield
        finally:
            _spans = None


def begin_serving(name: str, metadata: Mapping[str, Any]) -> Span | None:
    """The span of a call or request that came with these headers; None where nothing is traced."""
    return None if _spans is None else _spans.serve(name, str(metadata.get(TRACEPARENT, "")))


def traced() -> bool:
    """Whether anything is traced."""
    return _spans is not None


class Asking:
    """Around a call to another service: with Asking("features") as metadata: what goes along with the call."""

    __slots__ = ("_name", "_span")

    def __init__(self, name: str) -> None:
        self._name = name
        self._span: Span | None = None

    def __enter__(self) -> Metadata | None:
        self._span = None if _spans is None else _spans.ask(f"ask {self._name}")
        return going_along(request_id_of_call())

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._span is not None:
            self._span.end("OK" if kind is None else kind.__name__)


def going_along(request_id: str) -> Metadata | None:
    """Metadata that tell another service of the request under way; None where there is nothing to tell."""
    parent = "" if _spans is None else _spans.traceparent()
    told = ((REQUEST_ID, request_id), (TRACEPARENT, parent))
    return tuple(each for each in told if each[1]) or None


def add_trace_id(_logger: Any, _method: str, event: Any) -> Any:
    """A processor of structlog's: add the id of the trace under way."""
    if _spans is not None and (trace_id := _spans.trace_id()):
        event["trace_id"] = trace_id
    return event
