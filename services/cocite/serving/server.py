"""A gRPC server as every process runs it: health, reflection, interceptor, signals, drain."""

import signal
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor

import grpc
import structlog
from grpc_health.v1 import health, health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection

from cocite.core.errors import Unavailable
from cocite.core.settings import Settings
from cocite.serving.interceptor import RpcInterceptor

log = structlog.get_logger("cocite.server")

MAX_MESSAGE_BYTES = 32 * 1024 * 1024  # above every limit in the protos, so that those are what a caller runs into
_OPTIONS: tuple[tuple[str, int], ...] = (
    ("grpc.max_receive_message_length", MAX_MESSAGE_BYTES),
    ("grpc.max_send_message_length", MAX_MESSAGE_BYTES),
    ("grpc.max_connection_age_ms", 300_000),
    ("grpc.max_connection_age_grace_ms", 30_000),
    ("grpc.keepalive_time_ms", 30_000),
    ("grpc.keepalive_timeout_ms", 5_000),
    ("grpc.http2.min_ping_interval_without_data_ms", 5_000),
    ("grpc.so_reuseport", 0),
)


class GrpcServer:
    """One listening gRPC server for the services named; NOT_SERVING until set_ready(True).

    Raises Unavailable from start() when the address cannot be bound.
    """

    def __init__(
        self,
        settings: Settings,
        listen: str,
        service_names: Sequence[str],
        register: Callable[[grpc.Server], None],
    ) -> None:
        self._settings = settings
        self._listen = listen
        self._names = tuple(service_names)
        self._pool = ThreadPoolExecutor(settings.server_threads, thread_name_prefix="rpc")
        self._server = grpc.server(
            self._pool,
            interceptors=[RpcInterceptor(settings.default_deadline_s)],
            maximum_concurrent_rpcs=settings.max_concurrent_calls,
            options=_OPTIONS,
        )
        self._health = health.HealthServicer()
        health_pb2_grpc.add_HealthServicer_to_server(self._health, self._server)
        register(self._server)
        reflection.enable_server_reflection((*self._names, health.SERVICE_NAME, reflection.SERVICE_NAME), self._server)
        self.set_ready(False)
        self.port = 0

    def start(self) -> str:
        """Bind and serve; returns the address, with the real port where 0 was asked for."""
        try:
            self.port = self._server.add_insecure_port(self._listen)
        except RuntimeError as error:
            raise Unavailable(f"cannot listen on {self._listen}", hint="is another server running there?") from error
        self._server.start()
        host = self._listen.rpartition(":")[0]
        return self._listen if self._listen.startswith("unix:") else f"{host}:{self.port}"

    def set_ready(self, ready: bool) -> None:
        """Set the health of the process and each of its services."""
        status = health_pb2.HealthCheckResponse.SERVING if ready else health_pb2.HealthCheckResponse.NOT_SERVING
        for name in ("", *self._names):
            self._health.set(name, status)

    def stop(self, lame_duck_s: float | None = None) -> None:
        """NOT_SERVING, a lame-duck pause, drain, done."""
        self._health.enter_graceful_shutdown()
        pause = self._settings.lame_duck_s if lame_duck_s is None else lame_duck_s
        threading.Event().wait(pause)
        self._server.stop(self._settings.drain_s).wait(self._settings.drain_s + 5)
        self._pool.shutdown(wait=False, cancel_futures=True)


def stop_on_signal() -> threading.Event:
    """An event that SIGTERM or SIGINT sets from now on, instead of ending the process."""
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    return stop


def run(server: GrpcServer, name: str) -> None:
    """Start, log the address, wait for a signal, stop. Readiness is the caller's to set."""
    stop = stop_on_signal()  # before anyone can know that the server listens
    address = server.start()
    log.info("listening", service=name, address=address)
    while not stop.wait(1.0):
        pass
    log.info("stopping", service=name)
    server.stop()
