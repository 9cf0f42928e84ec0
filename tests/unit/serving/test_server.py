"""The serving room over real gRPC: a small feature service whose behaviour each test chooses."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import grpc
import pytest
from google.rpc import error_details_pb2
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection_pb2, reflection_pb2_grpc
from grpc_reflection.v1alpha.proto_reflection_descriptor_database import ProtoReflectionDescriptorDatabase
from grpc_status import rpc_status

from cocite.core import errors
from cocite.core.settings import Settings
from cocite.serving.channel import open_channel
from cocite.serving.interceptor import RETRY_AFTER_S
from cocite.serving.server import LIVE, GrpcServer
from cocite.serving.status import CODES, INTERNAL_TEXT, from_rpc_error
from cocite.v1 import feature_service_pb2 as pb
from cocite.v1 import feature_service_pb2_grpc as rpc

SERVICE = "cocite.v1.FeatureService"


@pytest.fixture(autouse=True, params=["grpcio", "native"])
def transport(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Everything here holds whichever library listens."""
    monkeypatch.setenv("COCITE_TRANSPORT", request.param)
    return str(request.param)


Behaviour = Callable[[pb.BatchGetPapersRequest, grpc.ServicerContext], pb.BatchGetPapersResponse]


class Servicer(rpc.FeatureServiceServicer):
    def __init__(self, behaviour: Behaviour) -> None:
        self.behaviour = behaviour

    def BatchGetPapers(
        self, request: pb.BatchGetPapersRequest, context: grpc.ServicerContext
    ) -> pb.BatchGetPapersResponse:
        return self.behaviour(request, context)


@contextmanager
def serving(behaviour: Behaviour, settings: Settings | None = None) -> Iterator[tuple[GrpcServer, grpc.Channel]]:
    settings = settings or Settings(lame_duck_s=0.0)
    server = GrpcServer(
        settings,
        "127.0.0.1:0",
        [SERVICE],
        lambda s: rpc.add_FeatureServiceServicer_to_server(Servicer(behaviour), s),
    )
    address = server.start()
    server.set_ready(True)
    with open_channel(address) as channel:
        try:
            yield server, channel
        finally:
            server.stop()


def call(channel: grpc.Channel, *ids: str, timeout: float = 10) -> pb.BatchGetPapersResponse:
    return rpc.FeatureServiceStub(channel).BatchGetPapers(
        pb.BatchGetPapersRequest(paper_ids=ids), timeout=timeout, wait_for_ready=True
    )


def missing(request: pb.BatchGetPapersRequest, _: grpc.ServicerContext) -> pb.BatchGetPapersResponse:
    return pb.BatchGetPapersResponse(missing_ids=request.paper_ids)


def raising(error: Exception) -> Behaviour:
    def behaviour(*_: object) -> pb.BatchGetPapersResponse:
        raise error

    return behaviour


def test_a_call_is_answered() -> None:
    with serving(missing) as (_, channel):
        assert list(call(channel, "x").missing_ids) == ["x"]


@pytest.mark.parametrize("kind", [kind for kind, _ in CODES])
def test_every_error_of_the_family_crosses_the_wire(kind: type[errors.CociteError]) -> None:
    error = kind("it is wrong", hint="do that", field="a.b[0]", retry_after_s=1.5)
    with serving(raising(error)) as (_, channel), pytest.raises(grpc.RpcError) as caught:
        call(channel, "x")
    assert caught.value.code() == dict(CODES)[kind]
    back = from_rpc_error(caught.value)
    assert type(back) is kind
    assert (str(back), back.field, back.retry_after_s) == ("it is wrong; do that", "a.b[0]", 1.5)
    info = error_details_pb2.ErrorInfo()
    status = rpc_status.from_call(caught.value)
    assert status is not None and any(d.Unpack(info) for d in status.details)
    assert (info.reason, info.domain) == (kind.reason, "cocite")


def test_a_bug_is_answered_internal_without_its_text() -> None:
    with serving(raising(RuntimeError("the password is 123"))) as (_, channel), pytest.raises(grpc.RpcError) as caught:
        call(channel, "x")
    assert caught.value.code() == grpc.StatusCode.INTERNAL
    assert caught.value.details() == INTERNAL_TEXT


@pytest.mark.parametrize(
    ("ids", "field"),
    [([], "paper_ids"), (["a", ""], "paper_ids[1]"), (["x" * 513], "paper_ids[0]"), (["a"] * 1001, "paper_ids")],
)
def test_the_rules_of_the_proto_are_enforced(ids: list[str], field: str) -> None:
    reached = threading.Event()

    def behaviour(*_: object) -> pb.BatchGetPapersResponse:
        reached.set()
        return pb.BatchGetPapersResponse()

    with serving(behaviour) as (_, channel), pytest.raises(grpc.RpcError) as caught:
        call(channel, *ids)
    assert caught.value.code() == grpc.StatusCode.INVALID_ARGUMENT
    assert from_rpc_error(caught.value).field == field
    assert not reached.is_set()


def test_health_follows_readiness_and_shutdown() -> None:
    def health(channel: grpc.Channel, service: str) -> int:
        request = health_pb2.HealthCheckRequest(service=service)
        return int(health_pb2_grpc.HealthStub(channel).Check(request, timeout=10, wait_for_ready=True).status)

    with serving(missing) as (server, _), grpc.insecure_channel(f"127.0.0.1:{server.port}") as channel:
        for ready in (False, True, False):
            server.set_ready(ready)
            expected = health_pb2.HealthCheckResponse.SERVING if ready else health_pb2.HealthCheckResponse.NOT_SERVING
            assert health(channel, SERVICE) == health(channel, "") == expected
            assert health(channel, LIVE) == health_pb2.HealthCheckResponse.SERVING


def test_reflection_lists_the_service() -> None:
    with serving(missing) as (_, channel):
        services = ProtoReflectionDescriptorDatabase(channel).get_services()
    assert {SERVICE, "grpc.health.v1.Health", "grpc.reflection.v1alpha.ServerReflection"} <= set(services)


def test_calls_in_flight_finish_at_shutdown_and_later_ones_are_refused() -> None:
    entered, release = threading.Event(), threading.Event()

    def slow(request: pb.BatchGetPapersRequest, _: grpc.ServicerContext) -> pb.BatchGetPapersResponse:
        entered.set()
        release.wait(10)
        return pb.BatchGetPapersResponse(missing_ids=request.paper_ids)

    with serving(slow) as (server, channel):
        running = rpc.FeatureServiceStub(channel).BatchGetPapers.future(
            pb.BatchGetPapersRequest(paper_ids=["x"]), timeout=20, wait_for_ready=True
        )
        assert entered.wait(10)
        stopper = threading.Thread(target=server.stop)
        stopper.start()
        stopper.join(0.2)
        assert stopper.is_alive()  # draining
        release.set()
        assert list(running.result().missing_ids) == ["x"]
        stopper.join()
        with open_channel(f"127.0.0.1:{server.port}") as late, pytest.raises(grpc.RpcError) as refused:
            rpc.FeatureServiceStub(late).BatchGetPapers(pb.BatchGetPapersRequest(paper_ids=["y"]), timeout=5)
    assert refused.value.code() == grpc.StatusCode.UNAVAILABLE


@contextmanager
def busy(threads: int, limit: int, calls: int) -> Iterator[grpc.Channel]:
    """A server whose threads are all held by calls, and a channel to it."""
    release, entered = threading.Event(), threading.Semaphore(0)

    def hold(*_: object) -> pb.BatchGetPapersResponse:
        entered.release()
        release.wait(60)
        return pb.BatchGetPapersResponse()

    settings = Settings(lame_duck_s=0.0, server_threads=threads, max_concurrent_calls=limit)
    with serving(hold, settings) as (_, channel):
        stub, request = rpc.FeatureServiceStub(channel), pb.BatchGetPapersRequest(paper_ids=["x"])
        held = [stub.BatchGetPapers.future(request, timeout=60, wait_for_ready=True) for _ in range(calls)]
        for _ in range(min(threads, calls)):
            assert entered.acquire(timeout=60)
        try:
            yield channel
        finally:
            release.set()
            for call in held:
                call.exception()


def refusal(channel: grpc.Channel) -> grpc.RpcError:
    """What the next call that is refused is told; the calls before it are accepted and wait."""
    stub, request = rpc.FeatureServiceStub(channel), pb.BatchGetPapersRequest(paper_ids=["x"])
    calls = [stub.BatchGetPapers.future(request, timeout=60) for _ in range(4)]
    done = next(call for call in iter(lambda: next((c for c in calls if c.done()), None), object()) if call is not None)
    for call in calls:
        call.cancel()
    error = done.exception()
    assert isinstance(error, grpc.RpcError)
    return error


def test_more_calls_than_allowed_are_refused_at_once_and_told_when_to_come_again() -> None:
    with busy(threads=1, limit=2, calls=1) as channel:
        error = refusal(channel)
    assert error.code() == grpc.StatusCode.RESOURCE_EXHAUSTED
    translated = from_rpc_error(error)
    assert isinstance(translated, errors.Overloaded) and translated.retry_after_s == RETRY_AFTER_S
    info = error_details_pb2.ErrorInfo()
    assert any(detail.Unpack(info) for detail in rpc_status.from_call(error).details)
    assert info.reason == "OVERLOADED"


def test_health_is_answered_while_every_thread_is_busy_and_the_limit_is_reached() -> None:
    with busy(threads=2, limit=2, calls=2) as channel:
        assert refusal(channel).code() == grpc.StatusCode.RESOURCE_EXHAUSTED
        for name in ("", SERVICE, LIVE):
            request = health_pb2.HealthCheckRequest(service=name)
            answer = health_pb2_grpc.HealthStub(channel).Check(request, timeout=30)
            assert answer.status == health_pb2.HealthCheckResponse.SERVING


def test_health_is_answered_while_reflection_clients_hold_their_streams() -> None:
    done = threading.Event()

    def silence() -> Iterator[reflection_pb2.ServerReflectionRequest]:
        done.wait(60)
        yield from ()

    with serving(missing) as (_, channel):
        streams = [
            reflection_pb2_grpc.ServerReflectionStub(channel).ServerReflectionInfo(silence(), timeout=60)
            for _ in range(40)
        ]
        health_pb2_grpc.HealthStub(channel).Check(health_pb2.HealthCheckRequest(), timeout=30)
        assert list(call(channel, "x").missing_ids) == ["x"]
        for stream in streams:
            stream.cancel()
        done.set()


def test_bytes_that_are_no_request_are_the_callers_fault() -> None:
    with serving(missing) as (_, channel):
        raw = channel.unary_unary(f"/{SERVICE}/BatchGetPapers")
        for data in (b"\xff\xff\xff", b"\x0a\x02\xff\xff"):  # no message at all; an id that is not UTF-8
            with pytest.raises(grpc.RpcError) as caught:
                raw(data, timeout=30)
            assert caught.value.code() == grpc.StatusCode.INVALID_ARGUMENT
            assert isinstance(from_rpc_error(caught.value), errors.InvalidArgument)
            assert rpc_status.from_call(caught.value) is not None
        with pytest.raises(grpc.RpcError, match="paper_ids"):  # no bytes are the empty message, which breaks a rule
            raw(b"", timeout=30)


def test_an_address_in_use_is_a_clear_error() -> None:
    with serving(missing) as (server, _):
        second = GrpcServer(Settings(), f"127.0.0.1:{server.port}", [SERVICE], lambda _: None)
        with pytest.raises(errors.Unavailable, match="cannot listen"):
            second.start()
