"""Reads that are asked again of another backend, over real servers of which one is stopped."""

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager

import grpc
import pytest

from cocite.serving.channel import open_aio_channel, open_channel
from cocite.serving.credentials import Credentials
from cocite.serving.hedge_budget import BURST, RATIO, Budget, is_read, may_be_several
from cocite.v1 import feature_service_pb2 as pb

READ = "/cocite.v1.FeatureService/BatchGetPapers"
WRITE = "/cocite.v1.FeatureService/BatchPutVectors"
ASKED = pb.BatchGetPapersRequest(paper_ids=["x"]).SerializeToString()
SLOW = pb.BatchGetPapersRequest(paper_ids=["slow"]).SerializeToString()
CALLS, TIMEOUT_S = 4, 3.0  # half of the calls begin at the stopped one; no more than the budget lets go on at once

# Answers with its own number and how often it was asked; what it is asked for by "slow" it keeps for a while.
_SERVER = """
import os, sys, time
from itertools import count
from cocite.core.settings import Settings
from cocite.serving.server import GrpcServer
from cocite.v1 import feature_service_pb2 as pb, feature_service_pb2_grpc as rpc

class Servicer(rpc.FeatureServiceServicer):
    asked = count(1)
    def BatchGetPapers(self, request, context):
        number = next(self.asked)
        if "slow" in request.paper_ids:
            time.sleep(2.5)
        return pb.BatchGetPapersResponse(missing_ids=[sys.argv[1], str(number)])

server = GrpcServer(Settings(), "127.0.0.1:0", ["cocite.v1.FeatureService"],
                    lambda s: rpc.add_FeatureServiceServicer_to_server(Servicer(), s))
server.start()
server.set_ready(True)
print(server.port, flush=True)
os.dup2(2, 1)  # nobody reads what is logged
sys.stdin.read()
"""


@contextmanager
def backend(name: str) -> Iterator[tuple[int, int]]:
    """Port and process of a server."""
    command = [sys.executable, "-c", _SERVER, name]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as process:
        try:
            assert process.stdout
            yield int(process.stdout.readline()), process.pid
        finally:
            process.kill()


@pytest.fixture
def two() -> Iterator[tuple[str, Callable[[], None]]]:
    """The target that stands for two servers, and what stops one of them."""
    with ExitStack() as stack:
        (one, pid), (other, _) = (stack.enter_context(backend(name)) for name in ("one", "two"))
        yield f"ipv4:127.0.0.1:{one},127.0.0.1:{other}", lambda: os.kill(pid, signal.SIGSTOP)


def both_answer(ask: Callable[[], bytes]) -> None:
    """Return once each of them has answered; the test's timeout ends a vain wait."""
    while {str(pb.BatchGetPapersResponse.FromString(ask()).missing_ids[0]) for _ in range(4)} != {"one", "two"}:
        pass


def failed(ask: Callable[[], bytes]) -> int:
    """How many of CALLS calls, one after the other, are not answered."""
    count = 0
    for _ in range(CALLS):
        try:
            ask()
        except grpc.RpcError as error:
            assert isinstance(error, grpc.Call) and error.code() is grpc.StatusCode.DEADLINE_EXCEEDED
            count += 1
    return count


WAYS: dict[str, Callable[[grpc.UnaryUnaryMultiCallable], bytes]] = {
    "call": lambda method: method(ASKED, timeout=TIMEOUT_S),
    "with_call": lambda method: method.with_call(ASKED, timeout=TIMEOUT_S)[0],
    "future": lambda method: method.future(ASKED, timeout=TIMEOUT_S).result(),
}


@pytest.mark.parametrize("way", WAYS)
def test_a_stopped_backend_costs_no_read(two: tuple[str, Callable[[], None]], way: str) -> None:
    target, stop = two
    with open_channel(target) as channel:
        method = channel.unary_unary(READ)
        both_answer(lambda: WAYS[way](method))
        stop()
        assert failed(lambda: WAYS[way](method)) == 0


def test_without_hedging_it_costs_some(two: tuple[str, Callable[[], None]], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cocite.serving.channel.may_be_several", lambda target: False)
    target, stop = two
    with open_channel(target) as channel:
        method = channel.unary_unary(READ)
        both_answer(lambda: method(ASKED, timeout=TIMEOUT_S))
        stop()
        assert failed(lambda: method(ASKED, timeout=TIMEOUT_S / 6)) > 0


def test_a_stopped_backend_costs_no_read_of_an_event_loop(two: tuple[str, Callable[[], None]]) -> None:
    target, stop = two

    async def asked() -> int:
        channel = open_aio_channel(target, Credentials())
        method = channel.unary_unary(READ)
        seen: set[str] = set()
        while seen != {"one", "two"}:
            answer = pb.BatchGetPapersResponse.FromString(await method(ASKED, timeout=TIMEOUT_S))
            seen.add(answer.missing_ids[0])
        stop()
        answers = [await method(ASKED, timeout=TIMEOUT_S) for _ in range(CALLS)]
        await channel.close()
        return len(answers)

    assert asyncio.run(asked()) == CALLS


def test_a_broken_connection_costs_no_read() -> None:
    """A backend dies with a read under way, which is asked of the other at once."""
    with (
        backend("one") as (one, pid),
        backend("two") as (two, _),
        open_channel(f"ipv4:127.0.0.1:{one},127.0.0.1:{two}") as channel,
    ):
        method = channel.unary_unary(READ)
        both_answer(lambda: method(ASKED, timeout=30))
        calls = [method.future(SLOW, timeout=30) for _ in range(2)]
        os.kill(pid, signal.SIGKILL)
        assert [call.code() for call in calls] == [grpc.StatusCode.OK] * 2


def asked_so_far(target: str) -> int:
    """How often the servers have been asked, this time included."""
    counts = 0
    for address in target.removeprefix("ipv4:").split(","):
        with open_channel(address) as channel:
            answer = pb.BatchGetPapersResponse.FromString(channel.unary_unary(READ)(ASKED, timeout=30))
        counts += int(answer.missing_ids[1])
    return counts


def test_slow_backends_are_not_asked_much_more(
    two: tuple[str, Callable[[], None]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every call is slow: as many are repeated as the budget has, and none that would be answered is lost."""
    budget = 6.0
    monkeypatch.setattr("cocite.serving.hedge_budget.BURST", budget)
    target, _ = two
    rounds, at_once = 3, 4
    with open_channel(target) as channel:
        both_answer(lambda: channel.unary_unary(READ)(ASKED, timeout=30))
        before = asked_so_far(target)
        for _ in range(rounds):
            calls = [channel.unary_unary(READ).future(SLOW, timeout=30) for _ in range(at_once)]
            assert [call.code() for call in calls] == [grpc.StatusCode.OK] * at_once
    extra = asked_so_far(target) - before - 2 - rounds * at_once
    assert budget / 2 <= extra <= budget + 1  # 24 without a budget


def test_a_call_may_be_cancelled(two: tuple[str, Callable[[], None]]) -> None:
    target, _ = two
    with open_channel(target) as channel:
        call = channel.unary_unary(READ).future(SLOW, timeout=TIMEOUT_S)
        assert call.running() and call.cancel()
        assert call.code() is grpc.StatusCode.CANCELLED and call.cancelled()


def test_reads_alone_are_hedged() -> None:
    assert is_read(READ)
    assert not is_read(WRITE)
    assert not is_read("/grpc.health.v1.Health/Nothing")
    with open_channel("dns:///localhost:1") as channel, grpc.insecure_channel("localhost:1") as plain:
        assert type(channel.unary_unary(WRITE)) is type(plain.unary_unary(WRITE))
        assert type(channel.unary_unary(READ)) is not type(plain.unary_unary(READ))


@pytest.mark.parametrize(
    ("target", "several"),
    [
        ("dns:///recommender:50053", True),
        ("dns://8.8.8.8/recommender:50053", True),
        ("dns:///127.0.0.1:50053", False),
        ("dns:///[::1]:50053", False),
        ("ipv4:127.0.0.1:1,127.0.0.1:2", True),
        ("ipv4:127.0.0.1:1", False),
        ("unix:/tmp/socket", False),
        ("unix-abstract:name", False),
        ("xds:///recommender", True),
    ],
)
def test_one_backend_is_not_asked_twice(target: str, several: bool) -> None:
    assert may_be_several(target) is several


def test_the_budget_is_a_share_of_the_calls() -> None:
    budget = Budget()
    saved_up = sum(budget.take() for _ in range(1000))
    calls, extra = 10_000, 0
    for _ in range(calls):
        budget.called()
        extra += budget.take()
    assert saved_up == BURST
    assert RATIO * calls * 0.99 <= extra <= RATIO * calls
