"""Each bad client of the soak, once, on both transports: the server answers everyone else as before."""

import random

import grpc
import pytest

from cocite.core.settings import Settings
from cocite.load.requests import Call
from cocite.serving.server import GrpcServer
from cocite.v1 import feature_service_pb2 as pb
from cocite.v1 import feature_service_pb2_grpc as rpc
from load import abuse

SERVICE = "cocite.v1.FeatureService"
REQUEST = pb.BatchGetPapersRequest(paper_ids=["x"])
CALL = Call(f"/{SERVICE}/BatchGetPapers", REQUEST.SerializeToString())


class Servicer(rpc.FeatureServiceServicer):
    def BatchGetPapers(
        self, request: pb.BatchGetPapersRequest, context: grpc.ServicerContext
    ) -> pb.BatchGetPapersResponse:
        return pb.BatchGetPapersResponse(missing_ids=request.paper_ids)


@pytest.fixture(scope="module", params=["grpcio", "native"])
def port(request):
    settings = Settings(transport=request.param, lame_duck_s=0, max_concurrent_calls=4096)
    server = GrpcServer(
        settings, "127.0.0.1:0", [SERVICE], lambda s: rpc.add_FeatureServiceServicer_to_server(Servicer(), s)
    )
    server.start()
    yield server.port
    server.stop()


@pytest.mark.parametrize("kind", dict.fromkeys(abuse.ABUSES), ids=lambda kind: kind.__qualname__.partition(".")[0])
def test_a_bad_client_harms_nobody_else(port, kind, monkeypatch):
    monkeypatch.setattr(abuse, "PATIENCE_S", 0.2)
    chance = random.Random(7)
    with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
        stub = rpc.FeatureServiceStub(channel)
        for _ in range(5):
            with abuse.connected("127.0.0.1", port) as link:
                kind(link, CALL, chance)
                assert list(stub.BatchGetPapers(REQUEST, timeout=60, wait_for_ready=True).missing_ids) == ["x"]
        assert list(stub.BatchGetPapers(REQUEST, timeout=60).missing_ids) == ["x"]
