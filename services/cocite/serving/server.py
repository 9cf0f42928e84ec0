"""A gRPC server as every process runs it: health, reflection, interceptor, signals, drain."""

import gc
import os
import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor

import grpc
import structlog
from grpc_health.v1 import health, health_pb2_grpc
from grpc_reflection.v1alpha import reflection

from cocite.core.errors import Unavailable
from cocite.core.settings import Settings
from cocite.serving.computing import Computing
from cocite.serving.deadline import Deadline
from cocite.serving.health import HealthServicer
from cocite.serving.interceptor import AtOnce, RpcInterceptor
from cocite.serving.pools import BoundedPool
from cocite.serving.probes import Probes
from cocite.serving.rpc_meter import RpcMeter
from cocite.serving.signals import stop_on_signal
from cocite.serving.tls_server import server_credentials
from cocite.serving.transport import open_server
from cocite.serving.wall import wall_of
from cocite.serving.wire_cache import WireCache

log = structlog.get_logger("cocite.server")

LIVE = "live"  # health of the process itself, whatever it may lack to answer calls: what a liveness probe asks for


class GrpcServer:
    """One listening gRPC server for the services named; NOT_SERVING until set_ready(True), "live" from the start.

    Calls have a pool of threads of their own, so that health is answered while all of them are busy. wire keeps
    answers of its methods, at_once answers some requests from their bytes, by method; meter counts the calls; computing
    bounds how many compute at once. Raises Unavailable from start() when the address cannot be bound.
    """

    def __init__(
        self,
        settings: Settings,
        listen: str,
        service_names: Sequence[str],
        register: Callable[[grpc.Server], None],
        wire: WireCache | None = None,
        at_once: Mapping[str, AtOnce] | None = None,
        meter: RpcMeter | None = None,
        computing: Computing | None = None,
    ) -> None:
        self._settings = settings
        self._listen = listen
        self._names = tuple(service_names)
        bounds = settings.max_concurrent_calls, "rpc", settings.max_wait_s
        self._calls = calls = BoundedPool(settings.server_threads, *bounds)
        health_and_refusals = ThreadPoolExecutor(2, thread_name_prefix="health")
        streams = ThreadPoolExecutor(2, thread_name_prefix="reflection")
        self._pools = (calls, health_and_refusals, streams)
        self._tls, wall = server_credentials(settings), wall_of(settings)
        interceptor = RpcInterceptor(settings.default_deadline_s, calls, streams, wire, at_once, meter, wall, computing)
        self._server = open_server(settings, health_and_refusals, interceptor, wire, meter, wall)
        self._health = HealthServicer()
        self._probes = Probes(settings, self._health)
        health_pb2_grpc.add_HealthServicer_to_server(self._health, self._server)
        register(self._server)
        reflection.enable_server_reflection((*self._names, health.SERVICE_NAME, reflection.SERVICE_NAME), self._server)
        self._health.set(LIVE, True)
        self.set_ready(False)
        self.port = 0

    def start(self) -> str:
        """Bind and serve; returns the address, with the real port where 0 was asked for."""
        try:
            self.port = (
                self._server.add_secure_port(self._listen, self._tls)
                if self._tls
                else self._server.add_insecure_port(self._listen)
            )
        except RuntimeError as error:
            raise Unavailable(f"cannot listen on {self._listen}", hint="is another server running there?") from error
        self._probes.start()
        self._server.start()
        host = self._listen.rpartition(":")[0]
        return self._listen if self._listen.startswith("unix:") else f"{host}:{self.port}"

    @property
    def in_flight(self) -> int:
        """Calls that are computed, or wait for a thread."""
        return self._calls.given

    @property
    def ready(self) -> bool:
        """What its health says."""
        return self._health.serving("")

    def set_ready(self, ready: bool) -> None:
        """Set the health of the process and each of its services."""
        for name in ("", *self._names):
            self._health.set(name, ready)

    def stop(self, lame_duck_s: float | None = None) -> None:
        """NOT_SERVING, a lame-duck pause, drain, done."""
        self._health.end()
        pause = self._settings.lame_duck_s if lame_duck_s is None else lame_duck_s
        threading.Event().wait(pause)
        self._server.stop(self._settings.drain_s).wait(self._settings.drain_s + 5)
        self._probes.stop()
        self._health.close()
        for pool in self._pools:
            pool.shutdown(wait=False, cancel_futures=True)


def settle() -> None:
    """Called once by a process that serves: what is there by now stays, and the garbage collector leaves it alone.

    To look through all of it stops every call, for a fifth of a second at a time.
    """
    gc.collect()
    gc.freeze()


def run(server: GrpcServer, name: str, close: Callable[[], None] = lambda: None) -> None:
    """Start, log the address, wait for a signal, stop, close. Readiness is the caller's to set.

    Python waits for its threads before it exits. One that a hung store holds would keep the process for ever, so when
    some are left after the drain the process is ended here, with status 0.
    """
    try:
        stop = stop_on_signal()  # before anyone can know that the server listens
        address = server.start()
        settle()
        log.info("listening", service=name, address=address)
        while not stop.wait(1.0):
            pass
        log.info("stopping", service=name)
        server.stop()
    finally:
        close()
    if stuck := _stuck_threads():
        log.warning("threads are stuck, ending without them", service=name, threads=stuck)
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(0)


def _stuck_threads() -> list[str]:
    """Names of the threads that Python would wait for and that do not end by themselves within a second."""
    deadline = Deadline.after(1.0)
    others = [t for t in threading.enumerate() if not t.daemon and t is not threading.current_thread()]
    for thread in others:
        thread.join(deadline.remaining())
    return [thread.name for thread in others if thread.is_alive()]
