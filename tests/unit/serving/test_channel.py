"""Channels over real servers: who is asked, and under which names a server is reached."""

import sys
import tempfile
import threading
import uuid
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

import grpc
import pytest

from cocite.core.settings import Settings
from cocite.serving.channel import UNHEALTHY, open_channel
from cocite.serving.server import GrpcServer
from cocite.v1 import feature_service_pb2 as pb
from cocite.v1 import feature_service_pb2_grpc as rpc

SERVICE = "cocite.v1.FeatureService"


class Servicer(rpc.FeatureServiceServicer):
    def __init__(self, name: str) -> None:
        self.name = name

    def BatchGetPapers(self, request: object, context: object) -> pb.BatchGetPapersResponse:
        return pb.BatchGetPapersResponse(missing_ids=[self.name])


@contextmanager
def replica(name: str, listen: str = "127.0.0.1:0", lame_duck_s: float = 0.0) -> Iterator[GrpcServer]:
    server = GrpcServer(
        Settings(lame_duck_s=lame_duck_s),
        listen,
        [SERVICE],
        lambda s: rpc.add_FeatureServiceServicer_to_server(Servicer(name), s),
    )
    server.start()
    server.set_ready(True)
    try:
        yield server
    finally:
        server.stop(0)


def who(channel: grpc.Channel) -> str:
    request = pb.BatchGetPapersRequest(paper_ids=["x"])
    return str(rpc.FeatureServiceStub(channel).BatchGetPapers(request, timeout=30).missing_ids[0])


def eventually(channel: grpc.Channel, wanted: set[str]) -> None:
    """Return once 20 calls in a row were answered by those wanted and no other; the test's timeout ends a vain wait."""
    while set(Counter(who(channel) for _ in range(20))) != wanted:
        pass


def test_a_replica_that_is_not_ready_is_passed_over_until_it_is() -> None:
    with replica("one") as one, replica("two") as two:
        two.set_ready(False)
        with open_channel(f"ipv4:127.0.0.1:{one.port},127.0.0.1:{two.port}") as channel:
            assert {who(channel) for _ in range(20)} == {"one"}
            two.set_ready(True)
            eventually(channel, {"one", "two"})
            one.set_ready(False)
            eventually(channel, {"two"})


def test_a_lame_duck_is_asked_no_more_while_it_still_would_answer() -> None:
    with (
        replica("one") as one,
        replica("two", lame_duck_s=60) as two,
        open_channel(f"ipv4:127.0.0.1:{one.port},127.0.0.1:{two.port}") as channel,
        grpc.insecure_channel(f"127.0.0.1:{two.port}") as careless,
    ):
        eventually(channel, {"one", "two"})
        threading.Thread(target=two.stop, daemon=True).start()
        eventually(channel, {"one"})
        assert who(careless) == "two"


def test_where_nobody_is_ready_calls_fail_at_once_and_say_so() -> None:
    with replica("one") as one:
        one.set_ready(False)
        with open_channel(f"127.0.0.1:{one.port}") as channel, pytest.raises(grpc.RpcError) as caught:
            who(channel)
    assert caught.value.code() == grpc.StatusCode.UNAVAILABLE
    assert UNHEALTHY in caught.value.details()


@pytest.mark.parametrize(
    "form",
    ["127.0.0.1:{}", "localhost:{}", "dns:localhost:{}", "dns:///localhost:{}", "ipv4:127.0.0.1:{}"],
)
def test_a_server_is_reached_by_every_form_of_its_address(form: str) -> None:
    with replica("one") as server, open_channel(form.format(server.port)) as channel:
        assert who(channel) == "one"


def test_unix_sockets_with_and_without_a_path() -> None:
    with tempfile.TemporaryDirectory(prefix="cv-") as short:  # tmp_path is too long for a Unix socket
        known = sys.platform == "linux" and Settings().transport == "grpcio"
        abstract = [f"unix-abstract:cocite-{uuid.uuid4().hex}"] if known else []
        for target in (f"unix:{short}/s", *abstract):
            with replica(target, listen=target), open_channel(target) as channel:
                assert who(channel) == target
