"""Which library listens: grpcio, or pygrpc-native where COCITE_TRANSPORT asks for it. Nothing else knows.

See docs/decisions/0018-transport.md for what the second lacks.
"""

from concurrent.futures import ThreadPoolExecutor
from importlib.util import find_spec

import grpc

from cocite.core.errors import NotReady
from cocite.core.settings import Settings
from cocite.serving.rpc_meter import RpcMeter
from cocite.serving.wall import Wall
from cocite.serving.wire_cache import WireCache

MAX_MESSAGE_BYTES = 32 * 1024 * 1024  # above what the rules in the protos let through: those are what a caller meets
_MAX_REFUSALS = 1024  # that wait to be sent; beyond, calls are refused without details, and health checks too
_KEEPALIVE_MS, _KEEPALIVE_TIMEOUT_MS = 30_000, 5_000
_OPTIONS: tuple[tuple[str, int], ...] = (
    ("grpc.max_receive_message_length", MAX_MESSAGE_BYTES),
    ("grpc.max_send_message_length", MAX_MESSAGE_BYTES),
    ("grpc.max_connection_age_ms", 300_000),
    ("grpc.max_connection_age_grace_ms", 30_000),
    ("grpc.keepalive_time_ms", _KEEPALIVE_MS),
    ("grpc.keepalive_timeout_ms", _KEEPALIVE_TIMEOUT_MS),
    ("grpc.http2.min_ping_interval_without_data_ms", 5_000),
)


def open_server(
    settings: Settings,
    pool: ThreadPoolExecutor,
    interceptor: grpc.ServerInterceptor,
    wire: WireCache | None,
    meter: RpcMeter | None = None,
    wall: Wall | None = None,
) -> grpc.Server:
    """A server that is not bound yet. pool runs what names no pool of its own; wire is asked before anything else, and
    what it answers meter counts; wall says who may have that.

    With more than one worker they share the port. Raises NotReady when the library asked for is not installed.
    """
    limit = settings.max_concurrent_calls + _MAX_REFUSALS
    reuse_port = settings.workers > 1
    grpcio = grpc.server(
        pool,
        interceptors=[interceptor],
        maximum_concurrent_rpcs=limit,
        options=(*_OPTIONS, ("grpc.so_reuseport", int(reuse_port))),
    )
    if settings.transport == "grpcio":
        return grpcio
    if find_spec("pygrpc_native") is None:
        raise NotReady("COCITE_TRANSPORT=native needs pygrpc-native", hint="pip install 'cocite[native]'")
    from cocite.serving.native import NativeOptions, NativeServer

    options = NativeOptions(
        limit, MAX_MESSAGE_BYTES, _KEEPALIVE_MS, _KEEPALIVE_TIMEOUT_MS, reuse_port, wire, meter, wall
    )
    return NativeServer(pool, interceptor, options, grpcio)
