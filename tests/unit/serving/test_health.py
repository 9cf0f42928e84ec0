"""The health service over real gRPC, with watchers that come and go while it changes."""

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import grpc
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_health.v1.health_pb2 import HealthCheckResponse

from cocite.serving.health import HealthServicer

SERVING, NOT_SERVING = HealthCheckResponse.SERVING, HealthCheckResponse.NOT_SERVING


@contextmanager
def serving(servicer: health_pb2_grpc.HealthServicer) -> Iterator[str]:
    server = grpc.server(ThreadPoolExecutor(2))
    health_pb2_grpc.add_HealthServicer_to_server(servicer, server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    try:
        yield f"127.0.0.1:{port}"
    finally:
        server.stop(0)


def watch(channel: grpc.Channel, service: str = "") -> grpc.Call:
    return health_pb2_grpc.HealthStub(channel).Watch(health_pb2.HealthCheckRequest(service=service), timeout=60)


def test_watchers_hear_every_change_in_order_and_the_end() -> None:
    health = HealthServicer()
    health.set("", False)
    with serving(health) as address, grpc.insecure_channel(address) as channel:
        news, unknown = watch(channel), watch(channel, "nothing")
        assert next(news).status == NOT_SERVING
        assert next(unknown).status == HealthCheckResponse.SERVICE_UNKNOWN
        for serving_now in (True, False, True):
            health.set("", serving_now)
        assert [next(news).status for _ in range(3)] == [SERVING, NOT_SERVING, SERVING]
        health.end()
        assert next(news).status == NOT_SERVING
        health.set("", True)
        stub = health_pb2_grpc.HealthStub(channel)
        assert stub.Check(health_pb2.HealthCheckRequest(), timeout=10).status == NOT_SERVING
        with pytest.raises(grpc.RpcError) as caught:
            stub.Check(health_pb2.HealthCheckRequest(service="nothing"), timeout=10)
        assert caught.value.code() == grpc.StatusCode.NOT_FOUND


def test_changes_while_watchers_leave_do_not_stop_the_server() -> None:
    health = HealthServicer()
    health.set("", True)
    with serving(health) as address:
        for _ in range(30):
            channels = [grpc.insecure_channel(address) for _ in range(8)]
            for news in [watch(channel) for channel in channels]:
                next(news)
            changes = threading.Thread(target=lambda: [health.set("", i % 2 == 1) for i in range(40)], daemon=True)
            changes.start()
            for channel in channels:
                channel.close()
            changes.join(20)
            assert not changes.is_alive()
        with grpc.insecure_channel(address) as channel:
            check = health_pb2_grpc.HealthStub(channel).Check
            assert check(health_pb2.HealthCheckRequest(), timeout=10).status == SERVING
