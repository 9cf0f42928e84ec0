"""The interceptor with a wire cache, over real gRPC: raw bytes in, raw bytes out."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import grpc
import pytest

from cocite.core.errors import NotFound
from cocite.core.settings import Settings
from cocite.serving import wire_cache
from cocite.serving.answer_memory import AnswerMemory
from cocite.serving.interceptor import AtOnce
from cocite.serving.server import GrpcServer
from cocite.serving.wire_cache import Cacheable, WireCache
from cocite.v1 import feature_service_pb2 as pb
from cocite.v1 import feature_service_pb2_grpc as rpc

SERVICE = "cocite.v1.FeatureService"
METHOD = f"/{SERVICE}/BatchGetPapers"
Answer = pb.BatchGetPapersResponse
REQUEST = pb.BatchGetPapersRequest(paper_ids=["x"]).SerializeToString()


@dataclass
class Servicer(rpc.FeatureServiceServicer):
    """Answers with whatever give makes of how often it was asked."""

    give: Callable[[int], Any]
    asked: list[str] = field(default_factory=list)

    def BatchGetPapers(self, request: pb.BatchGetPapersRequest, context: grpc.ServicerContext) -> Any:
        self.asked.append(request.paper_ids[0])
        return self.give(len(self.asked))


@contextmanager
def serving(
    servicer: Servicer, at_once: AtOnce | None = None, *, kept: frozenset[str] = frozenset({METHOD}), **settings: Any
) -> Iterator[tuple[WireCache, Callable[..., bytes]]]:
    wire = WireCache(kept, AnswerMemory(10**6, 600.0))
    wire.serve("m1")
    server = GrpcServer(
        Settings(lame_duck_s=0, **settings),
        "127.0.0.1:0",
        [SERVICE],
        lambda s: rpc.add_FeatureServiceServicer_to_server(servicer, s),
        wire,
        {METHOD: at_once} if at_once else None,
    )
    with grpc.insecure_channel(server.start()) as channel:
        call = channel.unary_unary(METHOD)
        try:
            yield wire, lambda data=REQUEST: call(data, timeout=60, wait_for_ready=True)
        finally:
            server.stop()


def numbered(run: int) -> Answer:
    return Answer(missing_ids=[f"run {run}"])


@pytest.mark.parametrize("give", [numbered, lambda run: numbered(run).SerializeToString()])
def test_a_message_and_its_bytes_are_answered_alike_and_not_kept(give: Callable[[int], Any]) -> None:
    with serving(Servicer(give)) as (_, call):
        assert [Answer.FromString(call()) for _ in range(2)] == [numbered(1), numbered(2)]


@pytest.mark.parametrize("encode", [lambda message: message, lambda message: message.SerializeToString()])
def test_a_cacheable_answer_is_given_again_until_the_model_is_another(encode: Callable[[Answer], Any]) -> None:
    servicer = Servicer(lambda run: Cacheable(encode(numbered(run)), "m1" if run == 1 else "m2"))
    with serving(servicer) as (wire, call):
        first = numbered(1).SerializeToString()
        assert [call() for _ in range(3)] == [first] * 3
        wire.serve("m2")
        assert [call() for _ in range(2)] == [numbered(2).SerializeToString()] * 2
    assert servicer.asked == ["x", "x"]


def test_what_is_answered_at_once_is_neither_parsed_nor_checked() -> None:
    servicer = Servicer(lambda run: Cacheable(numbered(run), "m1"))
    given = {b"\xff": Cacheable(b"bytes", "m1"), b"": Cacheable(numbered(9), "m1")}
    with serving(servicer, given.pop) as (_, call):  # pop takes no second time: the cache has it then
        assert [call(b"\xff") for _ in range(2)] == [b"bytes"] * 2
        assert [call(b"") for _ in range(2)] == [numbered(9).SerializeToString()] * 2
    with serving(servicer, lambda _: None) as (_, call):
        assert call() == numbered(1).SerializeToString()


def test_of_a_method_that_the_cache_does_not_keep_what_is_answered_at_once_is_asked_for_each_time() -> None:
    servicer = Servicer(lambda run: Cacheable(numbered(run), "m1"))
    given = iter([Cacheable(b"bytes", ""), Cacheable(numbered(9), ""), None])
    with serving(servicer, lambda _: next(given), kept=frozenset()) as (_, call):
        assert [call(b"\xff"), call(b"\xff")] == [b"bytes", numbered(9).SerializeToString()]
        assert call() == numbered(1).SerializeToString()
    assert servicer.asked == ["x"]


@pytest.mark.parametrize("error", [NotFound("nothing at once"), ZeroDivisionError()])
def test_where_nothing_can_be_answered_at_once_a_call_takes_the_long_way(error: Exception) -> None:
    def fail(_: bytes) -> None:
        raise error

    servicer = Servicer(numbered)
    with serving(servicer, fail, kept=frozenset()) as (_, call):
        assert call() == numbered(1).SerializeToString()
        with pytest.raises(grpc.RpcError) as caught:
            call(b"\xff\xff")
        assert caught.value.code() == grpc.StatusCode.INVALID_ARGUMENT


def test_requests_that_differ_in_bytes_have_answers_of_their_own() -> None:
    servicer = Servicer(lambda run: Cacheable(numbered(run), "m1"))
    with serving(servicer) as (_, call):
        other = pb.BatchGetPapersRequest(paper_ids=["y"]).SerializeToString()
        assert call() != call(other)
        assert (call(), call(other)) == (numbered(1).SerializeToString(), numbered(2).SerializeToString())
    assert servicer.asked == ["x", "y"]


def test_what_is_wrong_is_refused_every_time() -> None:
    servicer = Servicer(lambda run: Cacheable(numbered(run), "m1"))
    with serving(servicer) as (_, call):
        for data in (b"", b"\xff\xff", pb.BatchGetPapersRequest(paper_ids=[""]).SerializeToString()) * 2:
            with pytest.raises(grpc.RpcError) as caught:
                call(data)
            assert caught.value.code() == grpc.StatusCode.INVALID_ARGUMENT
    assert servicer.asked == []


def test_an_error_is_not_kept() -> None:
    def give(run: int) -> Cacheable:
        if run == 1:
            raise NotFound("not yet")
        return Cacheable(numbered(run), "m1")

    with serving(Servicer(give)) as (_, call):
        with pytest.raises(grpc.RpcError) as caught:
            call()
        assert caught.value.code() == grpc.StatusCode.NOT_FOUND
        assert [call() for _ in range(2)] == [numbered(2).SerializeToString()] * 2


def test_of_equal_calls_at_once_one_reaches_the_servicer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wire_cache, "WAIT_AT_MOST_S", 60.0)
    begun, go = threading.Event(), threading.Event()

    def give(run: int) -> Cacheable:
        begun.set()
        assert go.wait(60)
        return Cacheable(numbered(run), "m1")

    servicer = Servicer(give)
    with serving(servicer) as (_, call):
        answers: list[bytes] = []
        callers = [threading.Thread(target=lambda: answers.append(call())) for _ in range(4)]
        for caller in callers:
            caller.start()
        assert begun.wait(60)
        go.set()
        for caller in callers:
            caller.join(60)
        assert answers == [numbered(1).SerializeToString()] * 4
    assert len(servicer.asked) == 1
