"""What is particular to the server on pygrpc-native: hits without a thread, its bounds, its streams, its end."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib import util

import grpc
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_health.v1.health_pb2 import HealthCheckResponse

from cocite.core.errors import NotReady
from cocite.core.settings import Settings
from cocite.serving.answer_memory import AnswerMemory
from cocite.serving.server import GrpcServer
from cocite.serving.transport import MAX_MESSAGE_BYTES
from cocite.serving.wire_cache import Cacheable, WireCache
from cocite.v1 import feature_service_pb2 as pb
from cocite.v1 import feature_service_pb2_grpc as rpc

SERVICE = "cocite.v1.FeatureService"
METHOD = f"/{SERVICE}/BatchGetPapers"
REQUEST = pb.BatchGetPapersRequest(paper_ids=["x"])


class Servicer(rpc.FeatureServiceServicer):
    def __init__(self, behaviour: Callable[..., object]) -> None:
        self.BatchGetPapers = behaviour  # type: ignore[method-assign,assignment]


@contextmanager
def native(
    behaviour: Callable[..., object], wire: WireCache | None = None, **settings: int
) -> Iterator[tuple[GrpcServer, grpc.Channel]]:
    server = GrpcServer(
        Settings(transport="native", lame_duck_s=0, drain_s=20, **settings),
        "127.0.0.1:0",
        [SERVICE],
        lambda s: rpc.add_FeatureServiceServicer_to_server(Servicer(behaviour), s),
        wire,
    )
    unlimited = [("grpc.max_receive_message_length", -1), ("grpc.max_send_message_length", -1)]
    try:
        with grpc.insecure_channel(server.start(), unlimited) as channel:
            yield server, channel
    finally:
        server.stop()


def missing(request: pb.BatchGetPapersRequest, _: grpc.ServicerContext) -> pb.BatchGetPapersResponse:
    return pb.BatchGetPapersResponse(missing_ids=request.paper_ids)


def raw(channel: grpc.Channel, data: bytes, timeout: float = 30) -> bytes:
    return bytes(channel.unary_unary(METHOD)(data, timeout=timeout))


def test_a_known_answer_needs_no_thread_and_is_the_same_bytes() -> None:
    entered, release = threading.Event(), threading.Event()

    def behaviour(request: pb.BatchGetPapersRequest, context: grpc.ServicerContext) -> Cacheable:
        if request.paper_ids[0] == "hold":
            entered.set()
            release.wait(60)
        return Cacheable(missing(request, context), "m1")

    memory = AnswerMemory(1 << 20, 300)
    wire = WireCache(frozenset({METHOD}), memory)
    wire.serve("m1")
    with native(behaviour, wire, server_threads=1, max_concurrent_calls=1) as (_, channel):
        data = REQUEST.SerializeToString()
        computed = raw(channel, data)
        held = channel.unary_unary(METHOD).future(
            pb.BatchGetPapersRequest(paper_ids=["hold"]).SerializeToString(), timeout=60
        )
        assert entered.wait(30)
        assert raw(channel, data) == computed  # though the only thread is held and no more calls are taken
        with pytest.raises(grpc.RpcError) as refused:
            raw(channel, pb.BatchGetPapersRequest(paper_ids=["y"]).SerializeToString())
        assert refused.value.code() == grpc.StatusCode.RESOURCE_EXHAUSTED
        wire.serve("m2")
        with pytest.raises(grpc.RpcError):
            raw(channel, data)  # of the model before
        release.set()
        held.result()


@pytest.mark.parametrize("direction", ["request", "answer"])
def test_messages_beyond_the_bound_are_refused(direction: str) -> None:
    def behaviour(*_: object) -> pb.BatchGetPapersResponse:
        return pb.BatchGetPapersResponse(missing_ids=["x" * (MAX_MESSAGE_BYTES + 1)])

    data = bytes(MAX_MESSAGE_BYTES + 1) if direction == "request" else REQUEST.SerializeToString()
    with native(behaviour) as (_, channel), pytest.raises(grpc.RpcError, match=f"the {direction} is larger") as caught:
        raw(channel, data)
    assert caught.value.code() == grpc.StatusCode.RESOURCE_EXHAUSTED


def test_a_call_whose_client_has_gone_is_told_so_and_its_thread_freed() -> None:
    entered, left = threading.Event(), threading.Event()

    def behaviour(request: pb.BatchGetPapersRequest, context: grpc.ServicerContext) -> pb.BatchGetPapersResponse:
        if request.paper_ids[0] == "wait":
            assert context.is_active() and context.add_callback(left.set)
            entered.set()
            assert left.wait(60)
            assert not context.is_active() and not context.add_callback(left.set)
        return missing(request, context)

    with native(behaviour, server_threads=1) as (_, channel):
        stub = rpc.FeatureServiceStub(channel)
        waiting = stub.BatchGetPapers.future(pb.BatchGetPapersRequest(paper_ids=["wait"]), timeout=60)
        assert entered.wait(30)
        waiting.cancel()
        assert left.wait(30)
        assert list(stub.BatchGetPapers(REQUEST, timeout=30).missing_ids) == ["x"]


def test_a_method_that_does_not_exist_is_unimplemented() -> None:
    with native(missing) as (_, channel), pytest.raises(grpc.RpcError) as caught:
        channel.unary_unary(f"/{SERVICE}/Nothing")(b"", timeout=30)
    assert caught.value.code() == grpc.StatusCode.UNIMPLEMENTED


def test_watchers_hear_of_the_health_and_of_the_end() -> None:
    with native(missing) as (server, channel):
        stub = health_pb2_grpc.HealthStub(channel)
        watchers = [stub.Watch(health_pb2.HealthCheckRequest(), timeout=60) for _ in range(20)]
        assert {next(watcher).status for watcher in watchers} == {HealthCheckResponse.NOT_SERVING}
        for _ in range(5):  # quick changes, of which each watcher hears all
            server.set_ready(True)
            server.set_ready(False)
        for watcher in watchers:
            heard = [next(watcher).status for _ in range(10)]
            assert heard == [HealthCheckResponse.SERVING, HealthCheckResponse.NOT_SERVING] * 5
        server.stop()
        for watcher in watchers:
            with pytest.raises(grpc.RpcError) as caught:
                next(watcher)
            assert caught.value.code() == grpc.StatusCode.UNAVAILABLE


def test_every_call_under_way_at_the_end_is_answered() -> None:
    entered, release = threading.Semaphore(0), threading.Event()

    def behaviour(request: pb.BatchGetPapersRequest, context: grpc.ServicerContext) -> pb.BatchGetPapersResponse:
        entered.release()
        release.wait(60)
        return pb.BatchGetPapersResponse(missing_ids=["y" * 3000])

    with native(behaviour, server_threads=40) as (server, channel):
        stub = rpc.FeatureServiceStub(channel)
        running = [stub.BatchGetPapers.future(REQUEST, timeout=60) for _ in range(40)]
        for _ in running:
            assert entered.acquire(timeout=30)
        ending = threading.Thread(target=server.stop)
        ending.start()
        release.set()
        assert [len(call.result().missing_ids[0]) for call in running] == [3000] * 40
        ending.join()


def test_where_the_library_is_missing_it_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    real = util.find_spec
    monkeypatch.setattr(
        "cocite.serving.transport.find_spec", lambda name: None if name == "pygrpc_native" else real(name)
    )
    with pytest.raises(NotReady, match=r"pip install 'cocite\[native\]'"), native(missing):
        pass
