"""The id of a request in what a service logs of it, whichever library listens."""

import io
import json

import grpc
import pytest
import structlog

from cocite.core.settings import Settings
from cocite.serving import interceptor
from cocite.serving.channel import open_channel
from cocite.serving.logs import configure_logs
from cocite.serving.request_id import REQUEST_ID
from cocite.serving.server import GrpcServer
from cocite.v1 import feature_service_pb2 as pb
from cocite.v1 import feature_service_pb2_grpc as rpc


class Servicer(rpc.FeatureServiceServicer):
    def BatchGetPapers(self, request, context):
        structlog.get_logger("test").warning("worked on", paper=request.paper_ids[0])
        if request.paper_ids[0] == "fault":
            raise RuntimeError("a fault")
        return pb.BatchGetPapersResponse()


@pytest.fixture(params=["grpcio", "native"])
def call(request, monkeypatch):
    """Calls a service by one thread of its own, so that what one call leaves behind the next would find."""
    monkeypatch.setenv("COCITE_TRANSPORT", request.param)
    settings = Settings(log_format="json", lame_duck_s=0.0, server_threads=1)
    configure_logs(settings)
    written = io.StringIO()
    structlog.configure(logger_factory=structlog.WriteLoggerFactory(file=written))
    monkeypatch.setattr(interceptor, "log", structlog.get_logger("cocite.rpc"))  # the other keeps where it wrote first
    server = GrpcServer(
        settings,
        "127.0.0.1:0",
        ["cocite.v1.FeatureService"],
        lambda s: rpc.add_FeatureServiceServicer_to_server(Servicer(), s),
    )
    address = server.start()
    server.set_ready(True)

    def call(paper: str, request_id: str | None) -> list[dict[str, object]]:
        """What is logged of a call."""
        metadata = None if request_id is None else ((REQUEST_ID, request_id),)
        asked = pb.BatchGetPapersRequest(paper_ids=[paper])
        try:
            rpc.FeatureServiceStub(channel).BatchGetPapers(asked, timeout=10, metadata=metadata, wait_for_ready=True)
        except grpc.RpcError as error:
            assert error.code() is grpc.StatusCode.INTERNAL
        events = [json.loads(line) for line in written.getvalue().splitlines()]
        written.seek(0)
        written.truncate()
        return [event for event in events if "method" in event or "paper" in event]

    with open_channel(address) as channel:
        yield call
    server.stop()
    structlog.reset_defaults()


def test_every_line_of_a_call_has_the_id_that_came_with_it(call):
    assert [(each["event"], each["request_id"]) for each in call("x", "id-1")] == [("worked on", "id-1")]
    assert [(each["event"], each["request_id"]) for each in call("fault", "id-2")] == [
        ("worked on", "id-2"),
        ("call failed", "id-2"),
    ]
    assert ["request_id" in each for each in call("x", None)] == [False]
    assert [each["request_id"] for each in call("x", "y" * 500)] == ["y" * 128]
