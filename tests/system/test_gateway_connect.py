"""The gateway of a running stack, asked by a client of Connect and gRPC-Web."""

import pytest
from connectrpc.client import ConnectClientSync
from connectrpc.code import Code
from connectrpc.compat import google_protobuf_binary_codec, google_protobuf_json_codec
from connectrpc.errors import ConnectError
from connectrpc.method import IdempotencyLevel, MethodInfo, StreamType
from connectrpc.protocol import ProtocolType

from cocite.client.requests import recommend_request
from cocite.v1 import recommender_service_pb2 as pb

SMALL = "doi:10.1002/asi.4630240406"
METHOD = MethodInfo(
    name="RecommendPapers",
    service_name="cocite.v1.RecommenderService",
    input=pb.RecommendPapersRequest,
    output=pb.RecommendPapersResponse,
    idempotency_level=IdempotencyLevel.NO_SIDE_EFFECTS,
    stream_type=StreamType.UNARY,
)


@pytest.fixture(params=[google_protobuf_binary_codec, google_protobuf_json_codec], ids=["binary", "json"])
def codec(request):
    return request.param()


@pytest.fixture(params=[ProtocolType.CONNECT, ProtocolType.GRPC_WEB], ids=["connect", "grpc-web"])
def client(request, stack, codec):
    with ConnectClientSync(f"http://{stack.targets['gateway']}", codec=codec, protocol=request.param) as client:
        yield client


def test_it_is_answered_and_answered_again(client):
    request = recommend_request([SMALL], page_size=4)
    first = client.execute_unary(request=request, method=METHOD)
    assert [result.rank for result in first.results] == [1, 2, 3, 4]
    assert client.execute_unary(request=request, method=METHOD) == first


def test_it_is_told_what_is_wrong(client):
    with pytest.raises(ConnectError) as refused:
        client.execute_unary(request=recommend_request(["no id"]), method=METHOD)
    assert refused.value.code == Code.INVALID_ARGUMENT
    assert "not a paper id" in refused.value.message


def test_it_may_ask_by_get(stack, codec):
    with ConnectClientSync(f"http://{stack.targets['gateway']}", codec=codec) as client:
        asked = {"request": recommend_request([SMALL], page_size=4), "method": METHOD}
        assert client.execute_unary(**asked, use_get=True) == client.execute_unary(**asked)
