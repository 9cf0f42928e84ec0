"""A collector of traces: OTLP over gRPC on loopback."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import grpc
from opentelemetry.proto.collector.trace.v1 import trace_service_pb2 as pb
from opentelemetry.proto.collector.trace.v1.trace_service_pb2_grpc import (
    TraceServiceServicer,
    add_TraceServiceServicer_to_server,
)


@dataclass(frozen=True)
class Received:
    """A span, in hexadecimal digits where OTLP has bytes; parent is "" for the first of a trace."""

    service: str
    name: str
    trace: str
    span: str
    parent: str


@dataclass
class Collector(TraceServiceServicer):
    url: str = ""
    spans: list[Received] = field(default_factory=list)

    def Export(self, request: pb.ExportTraceServiceRequest, context: Any) -> pb.ExportTraceServiceResponse:
        for each in request.resource_spans:
            service = next(a.value.string_value for a in each.resource.attributes if a.key == "service.name")
            for scope in each.scope_spans:
                self.spans += [
                    Received(service, s.name, s.trace_id.hex(), s.span_id.hex(), s.parent_span_id.hex())
                    for s in scope.spans
                ]
        return pb.ExportTraceServiceResponse()

    def traces_of(self, name: str) -> list[list[Received]]:
        """All spans of each trace whose first span has this name."""
        ids = [span.trace for span in self.spans if span.name == name]
        return [[span for span in self.spans if span.trace == trace] for trace in ids]


@contextmanager
def collecting() -> Iterator[Collector]:
    collector = Collector()
    server = grpc.server(ThreadPoolExecutor(4))
    add_TraceServiceServicer_to_server(collector, server)
    collector.url = f"http://127.0.0.1:{server.add_insecure_port('127.0.0.1:0')}"
    server.start()
    try:
        yield collector
    finally:
        server.stop(0).wait()
