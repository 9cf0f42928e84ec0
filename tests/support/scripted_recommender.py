"""A real recommender server on a free port whose answers a test scripts."""

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import structlog
from google.protobuf.message import Message

from cocite.core.settings import Settings
from cocite.serving.server import GrpcServer
from cocite.v1 import recommender_service_pb2 as pb
from cocite.v1 import recommender_service_pb2_grpc as pb_grpc


@dataclass
class Scripted(pb_grpc.RecommenderServiceServicer):
    """Answers with what `answer` returns or raises; keeps the requests, deadlines and metadata it saw."""

    answer: Callable[[Any], Message] = lambda request: pb.RecommendPapersResponse()
    requests: list[Any] = field(default_factory=list)
    time_left: list[float | None] = field(default_factory=list)
    metadata: list[dict[str, Any]] = field(default_factory=list)

    def _serve(self, request, context):
        self.requests.append(request)
        self.time_left.append(context.time_remaining())
        self.metadata.append(dict(context.invocation_metadata()))
        return self.answer(request)

    RecommendPapers = _serve
    ResolvePapers = _serve
    GetModel = _serve


@dataclass
class Running:
    target: str
    servicer: Scripted
    server: GrpcServer


@contextmanager
def running_recommender(
    servicer: Scripted | None = None,
    register: Callable[[Any, Any], None] = pb_grpc.add_RecommenderServiceServicer_to_server,
) -> Iterator[Running]:
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))  # stdout is under test
    servicer = servicer or Scripted()
    server = GrpcServer(
        Settings(drain_s=0),
        "127.0.0.1:0",
        ["cocite.v1.RecommenderService"],
        partial(register, servicer),
    )
    server.set_ready(True)
    target = server.start()
    try:
        yield Running(target, servicer, server)
    finally:
        server.stop(lame_duck_s=0)
        structlog.reset_defaults()
