"""What a server counts of its calls, over real gRPC and a real scrape, whichever library listens."""

import socket
import threading
from contextlib import ExitStack, contextmanager
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import grpc
import pytest

from cocite.core.errors import InvalidArgument, NotFound, Unavailable
from cocite.core.settings import Settings
from cocite.serving import metrics_listener
from cocite.serving.answer_memory import AnswerMemory
from cocite.serving.metrics import Reading, breaker_metrics, counted, telling
from cocite.serving.metrics_listener import listening
from cocite.serving.metrics_merged import MergedMetrics
from cocite.serving.rpc_meter import BOUNDS, RpcMeter
from cocite.serving.server import GrpcServer
from cocite.serving.tally import Tally
from cocite.serving.wire_cache import Cacheable, WireCache
from cocite.v1 import degradation_pb2
from cocite.v1 import feature_service_pb2 as pb
from cocite.v1 import feature_service_pb2_grpc as rpc
from support.scraping import scrape, value

SERVICE = "cocite.v1.FeatureService"
METHOD = f"/{SERVICE}/BatchGetPapers"
LATE = degradation_pb2.Degradation(cause=degradation_pb2.DEGRADED_CAUSE_CATALOGUE_UNAVAILABLE)


class Servicer(rpc.FeatureServiceServicer):
    """Does what the id says."""

    def __init__(self):
        self.entered, self.go_on = threading.Event(), threading.Event()

    def BatchGetPapers(self, request, context):
        match request.paper_ids[0]:
            case "unknown":
                raise NotFound("no such paper")
            case "fault":
                raise RuntimeError("a fault")
            case "lacking":
                return pb.BatchGetPapersResponse(degraded=[LATE])
            case "slow":
                self.entered.set()
                self.go_on.wait(30)
        return Cacheable(pb.BatchGetPapersResponse(missing_ids=["x"]), "m1")


@contextmanager
def serving(transport: str, **settings):
    """A metered server: what calls it, what scrapes it, and its servicer."""
    told = Settings(transport=transport, lame_duck_s=0, metrics_listen="127.0.0.1:0", **settings)
    wire = WireCache(frozenset({METHOD}), AnswerMemory(10**6, 600.0))
    wire.serve("m1")
    meter, servicer = RpcMeter(), Servicer()
    server = GrpcServer(
        told, "127.0.0.1:0", [SERVICE], lambda s: rpc.add_FeatureServiceServicer_to_server(servicer, s), wire,
        meter=meter,
    )  # fmt: skip
    with ExitStack() as stack:
        address = stack.enter_context(telling(told, server, meter, ()))
        channel = stack.enter_context(grpc.insecure_channel(server.start()))
        stack.callback(server.stop)
        stack.callback(servicer.go_on.set)
        stub = rpc.FeatureServiceStub(channel)

        def call(paper_id: str):
            request = pb.BatchGetPapersRequest(paper_ids=[paper_id])
            return stub.BatchGetPapers.future(request, timeout=60, wait_for_ready=True)

        yield call, lambda: scrape(address), servicer, server


@pytest.mark.parametrize("transport", ["grpcio", "native"])
def test_calls_are_told_by_how_they_ended(transport):
    with serving(transport) as (call, told, _, server):
        for name in ("a", "a", "a", "unknown", "fault", "lacking"):
            call(name).exception()
        server.set_ready(True)
        found = told()

    def calls(code: str) -> float:
        return value(found, "cocite_rpc_calls_total", method=METHOD, code=code)

    assert (calls("OK"), calls("NOT_FOUND"), calls("INTERNAL")) == (4, 1, 1)
    assert value(found, "cocite_rpc_duration_seconds_count", method=METHOD) == 4  # two were answered from memory
    assert value(found, "cocite_rpc_refused_total", reason="NOT_FOUND") == 1
    assert value(found, "cocite_degraded_answers_total", cause="catalogue_unavailable") == 1
    assert value(found, "cocite_ready") == 1


@pytest.mark.parametrize("transport", ["grpcio", "native"])
def test_calls_under_way_and_those_turned_away_are_told(transport):
    with serving(transport, max_concurrent_calls=1) as (call, told, servicer, _):
        under_way = call("slow")
        assert servicer.entered.wait(30)
        assert call("b").exception().code() is grpc.StatusCode.RESOURCE_EXHAUSTED
        found = told()
        assert value(found, "cocite_rpc_in_flight") == value(found, "cocite_rpc_in_flight_limit") == 1
        assert value(found, "cocite_rpc_calls_total", code="RESOURCE_EXHAUSTED") == 1
        assert value(found, "cocite_rpc_refused_total", reason="OVERLOADED") == 1
        servicer.go_on.set()
        under_way.result(30)


def test_a_tally_misses_nothing_that_threads_add_while_others_read():
    tally, reads = Tally(), []
    threads = [threading.Thread(target=lambda: [tally.add() for _ in range(20_000)]) for _ in range(4)]
    for thread in threads:
        thread.start()
    while any(thread.is_alive() for thread in threads):
        reads.append(tally.value)
    assert tally.value == tally.value == 80_000
    assert reads == sorted(reads)


def test_durations_lie_in_the_bucket_that_ends_with_them():
    meter = RpcMeter()
    for seconds in (BOUNDS[0], BOUNDS[0] * 1.01, BOUNDS[-1] * 2):
        meter.ended("m", "OK", seconds)
    counts, sum_s = meter.durations()["m"].read()
    assert counts == [1, 1, *[0] * (len(BOUNDS) - 2), 1]
    assert sum_s == pytest.approx(BOUNDS[0] * 2.01 + BOUNDS[-1] * 2)


def test_a_breaker_is_told_as_it_is_at_the_moment():
    well = [True]
    read = breaker_metrics({"redis": lambda: well[0]})
    told = [next(iter(read())).samples[0].value]
    well[0] = False
    assert [*told, next(iter(read())).samples[0].value] == [0.0, 1.0]


def test_workers_are_told_together_and_one_that_is_down_is_left_out(tmp_path):
    def worker(number: int) -> Reading:
        values = [(("a",), float(number))]
        return Reading(lambda: [counted("cocite_thing", "A thing.", ("kind",), values)])

    paths = {str(number): str(tmp_path / f"worker-{number}") for number in range(3)}
    with ExitStack() as stack:
        for number in (0, 2):
            stack.enter_context(listening(f"unix:{paths[str(number)]}", [worker(number + 1)]))
        address = stack.enter_context(listening("127.0.0.1:0", [MergedMetrics(paths)], of_process=False))
        found = scrape(address)
    assert [value(found, "cocite_thing_total", worker=each, kind="a") for each in ("0", "1", "2")] == [1, 0, 3]
    workers = {sample.labels["worker"] for sample in found["process_resident_memory_bytes"].samples}
    assert workers == {"0", "2"}
    assert not list(tmp_path.iterdir())  # socket files go with their listeners


def test_nothing_else_is_at_the_address():
    with listening("127.0.0.1:0", []) as address:
        with pytest.raises(HTTPError, match="404"):
            urlopen(f"http://{address}/", timeout=10)
        with pytest.raises(HTTPError, match="501"):
            urlopen(Request(f"http://{address}/metrics", b"x"), timeout=10)


def test_a_client_that_says_nothing_keeps_nobody_waiting_for_long(monkeypatch):
    monkeypatch.setattr(metrics_listener._Scraped, "timeout", 0.1)
    with listening("127.0.0.1:0", []) as address:
        host, _, port = address.rpartition(":")
        with socket.create_connection((host, int(port))) as silent:
            assert scrape(address)
            assert silent.recv(1) == b""  # it was cut off


def test_an_address_that_is_taken_or_is_none_is_refused():
    with listening("127.0.0.1:0", []) as address, pytest.raises(Unavailable, match="metrics"):
        listening(address, []).__enter__()
    with pytest.raises(InvalidArgument, match="host:port"):
        listening("9464", []).__enter__()
