"""The services on the other transport, two recommenders on one port: the same answers, refusals, health and end."""

import signal
from itertools import islice

import grpc
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_health.v1.health_pb2 import HealthCheckResponse
from grpc_reflection.v1alpha.proto_reflection_descriptor_database import ProtoReflectionDescriptorDatabase

import cocite
from cocite.core.settings import Settings
from cocite.serving.transport import MAX_MESSAGE_BYTES
from cocite.v1 import recommender_service_pb2 as pb
from support.stack import SERVICES, Stack, alive, command_line, descendants, eventually
from support.violations import METHODS, violations

pytestmark = pytest.mark.timeout(240)
METHOD = "/cocite.v1.RecommenderService/RecommendPapers"
SMALL, PRICE = "doi:10.1002/asi.4630240406", "doi:10.1126/science.149.3683.510"
OTHER = {"grpcio": "native", "native": "grpcio"}
REQUESTS = {
    "a seed": pb.RecommendPapersRequest(seeds=pb.Seeds(positive_ids=[SMALL])),
    "a text": pb.RecommendPapersRequest(seeds=pb.Seeds(texts=[pb.TextSeed(title="mapping the structure of science")])),
    "a large page": pb.RecommendPapersRequest(seeds=pb.Seeds(positive_ids=[SMALL]), page_size=100),
    "two, one unknown": pb.RecommendPapersRequest(seeds=pb.Seeds(positive_ids=[PRICE, "doi:10.9999/nobody.knows"])),
}


@pytest.fixture(scope="module")
def other(demo_home):
    with Stack(demo_home.having(transport=OTHER[Settings().transport], workers="2")) as stack:
        yield stack


def ask(stack, request):
    with grpc.insecure_channel(stack.targets["recommender"]) as channel:
        return channel.unary_unary(METHOD)(request.SerializeToString(), timeout=60)


@pytest.mark.parametrize("name", REQUESTS)
def test_answers_are_the_same_bytes_the_first_time_and_again(stack, other, name):
    expected = ask(stack, REQUESTS[name])
    assert pb.RecommendPapersResponse.FromString(expected).results
    for _ in range(6):  # by either worker, computed or kept
        assert ask(other, REQUESTS[name]) == expected


def test_a_bad_request_is_refused_with_the_same_details(stack, other):
    told = []
    for each in (stack, other):
        with pytest.raises(grpc.RpcError) as caught:
            ask(each, pb.RecommendPapersRequest(seeds=pb.Seeds(positive_ids=[SMALL, "nonsense"])))
        details = dict(caught.value.trailing_metadata())["grpc-status-details-bin"]
        told.append((caught.value.code(), caught.value.details(), details))
    assert told[0] == told[1]
    assert told[0][0] is grpc.StatusCode.INVALID_ARGUMENT
    assert b"seeds.positive_ids[1]" in told[0][2]


def refusal(stack, service, path, request):
    """The code of a call, OK where it was answered."""
    with grpc.insecure_channel(stack.targets[service], [("grpc.max_send_message_length", -1)]) as channel:
        try:
            channel.unary_unary(path)(request, timeout=60)
        except grpc.RpcError as error:
            return error.code()
    return grpc.StatusCode.OK


@pytest.mark.parametrize("name", METHODS)
def test_every_method_refuses_what_breaks_a_rule(stack, other, name):
    """Each rule of the protos by itself, and bytes that are no message: nothing gets by on a shorter way."""
    service, path, _ = METHODS[name]
    broken = {rule: request.SerializeToString() for rule, request in violations(name)} | {"bytes": b"\xff"}
    for each in (stack, other):
        codes = {rule: refusal(each, service, path, request) for rule, request in broken.items()}
        assert set(codes.values()) == {grpc.StatusCode.INVALID_ARGUMENT}, codes


@pytest.mark.parametrize("service", SERVICES)
def test_no_server_takes_more_than_a_message_may_hold(stack, other, service):
    path = next(path for of, path, _ in METHODS.values() if of == service)
    for each in (stack, other):
        assert refusal(each, service, path, b"\0" * (MAX_MESSAGE_BYTES + 1)) is grpc.StatusCode.RESOURCE_EXHAUSTED
        assert refusal(each, service, path, b"\xff") is grpc.StatusCode.INVALID_ARGUMENT  # and it goes on


@pytest.mark.parametrize("service", SERVICES)
def test_every_server_tells_its_health_and_describes_itself(other, service):
    with grpc.insecure_channel(other.targets[service]) as channel:
        health = health_pb2_grpc.HealthStub(channel)
        assert health.Check(health_pb2.HealthCheckRequest(), timeout=30).status == HealthCheckResponse.SERVING
        watching = health.Watch(health_pb2.HealthCheckRequest(), timeout=30)
        assert next(watching).status == HealthCheckResponse.SERVING
        watching.cancel()
        assert "grpc.health.v1.Health" in ProtoReflectionDescriptorDatabase(channel).get_services()


def test_the_client_pages_through_a_list_whichever_worker_answers(other):
    with cocite.Client(other.targets["recommender"], timeout_s=60) as client:
        results = list(islice(client.recommend_all(SMALL, page_size=20), 100))
    assert [result.rank for result in results] == list(range(1, 101))


def test_it_ends_with_all_it_started(demo_home):
    with Stack(demo_home.having(transport="native", workers="2")) as stack:
        pids = descendants(stack.pid)
        assert sum("--worker-of" in command_line(pid) for pid in pids) == 2
        assert stack.end(signal.SIGTERM)[0] == 0
    assert eventually(lambda: not any(alive(pid) for pid in pids))
