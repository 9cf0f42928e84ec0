"""The servers that latency is measured of, each a context that gives the port where it listens.

Ours are built by the very functions that `cocite serve` calls.
"""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import grpc

from cocite.core.settings import Settings
from cocite.serving.answer_memory import AnswerMemory
from cocite.serving.logs import configure_logs
from cocite.serving.server import GrpcServer, settle
from cocite.serving.transport import open_server
from cocite.serving.wire_cache import WireCache

ANY_PORT = "127.0.0.1:0"
ECHO_SERVICE, ECHO_METHOD = "cocite.Echo", "Echo"
ECHO_PATH = f"/{ECHO_SERVICE}/{ECHO_METHOD}"
ECHO_BYTES = 2048


@contextmanager
def echo_grpcio(threads: int) -> Iterator[int]:
    """grpcio with nothing of ours: one registered unary method that answers ECHO_BYTES bytes."""
    server = grpc.server(ThreadPoolExecutor(threads))
    with _echoing(server) as port:
        yield port


@contextmanager
def echo(settings: Settings) -> Iterator[int]:
    """The same on the transport that the settings name, by the quickest way it has for bytes that are there already."""
    wire = WireCache(frozenset([ECHO_PATH]), AnswerMemory(0, 1.0))
    answer = b"x" * ECHO_BYTES
    wire.get = lambda method, request: answer
    with _echoing(open_server(settings, ThreadPoolExecutor(settings.server_threads), _Bare(), wire)) as port:
        yield port


class _Bare(grpc.ServerInterceptor):
    """Adds nothing."""

    def intercept_service(self, continuation: Any, handler_call_details: Any) -> Any:
        return continuation(handler_call_details)


@contextmanager
def _echoing(server: grpc.Server) -> Iterator[int]:
    answer = b"x" * ECHO_BYTES
    handler: Any = grpc.unary_unary_rpc_method_handler(lambda request, context: answer)
    server.add_registered_method_handlers(ECHO_SERVICE, {ECHO_METHOD: handler})
    with listening(server) as port:
        yield port


@contextmanager
def listening(server: grpc.Server) -> Iterator[int]:
    """The server, started on a free port."""
    port = server.add_insecure_port(ANY_PORT)
    server.start()
    try:
        yield port
    finally:
        server.stop(0).wait()


@contextmanager
def recommender(settings: Settings) -> Iterator[int]:
    """`cocite serve recommender`, its model loaded. Raises NotReady when it refuses it."""
    from threadpoolctl import threadpool_limits

    from cocite.recommender.main import build

    configure_logs(settings)
    with threadpool_limits(1, "blas"), closing(build(settings)) as process:
        process.models.require()
        with _started(process.server) as port:
            yield port


@contextmanager
def embedding(settings: Settings) -> Iterator[int]:
    """`cocite serve embedding`. Raises NotReady when the encoder's files are missing."""
    from cocite.embedding.main import build

    configure_logs(settings)
    with closing(build(settings)) as process, _started(process.server) as port:
        yield port


@contextmanager
def features(settings: Settings) -> Iterator[int]:
    """`cocite serve features`, with an empty catalogue."""
    from cocite.catalogue.store import Catalogue
    from cocite.features.main import build

    configure_logs(settings)
    Path(settings.home).mkdir(parents=True, exist_ok=True)
    with Catalogue.open(settings.catalogue):
        pass
    with closing(build(settings)) as process, _started(process.server) as port:
        yield port


@contextmanager
def _started(server: GrpcServer) -> Iterator[int]:
    server.start()
    settle()
    try:
        yield server.port
    finally:
        server.stop(lame_duck_s=0.0)
