"""Keys over gRPC: the table is whole, and on both transports a call is answered only where its row says so."""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import grpc
import pytest
from google.protobuf.descriptor import MethodDescriptor
from google.protobuf.message_factory import GetMessageClass

from cocite.core.errors import InvalidArgument
from cocite.core.settings import Settings
from cocite.serving.answer_memory import AnswerMemory
from cocite.serving.authorisation import RULES
from cocite.serving.channel import open_channel
from cocite.serving.credentials import Credentials, credentials_of
from cocite.serving.key_store import KeyStore
from cocite.serving.keys import Scope
from cocite.serving.reader_names import NAMING
from cocite.serving.server import GrpcServer
from cocite.serving.wall import check_own_way, wall_of
from cocite.serving.wire_cache import Cacheable, WireCache
from cocite.v1 import embedding_service_pb2, feature_service_pb2, feed_service_pb2, recommender_service_pb2
from cocite.v1 import feed_service_pb2 as feeds
from support.certificates import Identity
from support.stack import eventually

ROOT = Path(__file__).parents[3]
FILES = (embedding_service_pb2, feature_service_pb2, feed_service_pb2, recommender_service_pb2)
METHODS: dict[str, MethodDescriptor] = {
    f"/{service.full_name}/{method.name}": method
    for file in FILES
    for service in file.DESCRIPTOR.services_by_name.values()
    for method in service.methods
}
MODEL = "/cocite.v1.RecommenderService/GetModel"
REFUSED = {grpc.StatusCode.UNAUTHENTICATED, grpc.StatusCode.PERMISSION_DENIED}


@pytest.fixture(params=["grpcio", "native"])
def settings(request: pytest.FixtureRequest, tmp_path: Path) -> Settings:
    return Settings(home=tmp_path, transport=request.param, lame_duck_s=0.0, require_keys=True)


def key_for(settings: Settings, *scopes: Scope) -> str:
    return KeyStore(settings.keys).create("-".join(scopes), scopes, None)[1]


@contextmanager
def serving(settings: Settings, wire: WireCache | None = None) -> Iterator[str]:
    """All methods there are, each answering with an empty message that any model may have made."""

    def register(server: grpc.Server) -> None:
        for service in {method.containing_service for method in METHODS.values()}:
            handlers = {method.name: _handler(method) for method in service.methods}
            server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(service.full_name, handlers),))
            server.add_registered_method_handlers(service.full_name, handlers)

    server = GrpcServer(settings, "127.0.0.1:0", [], register, wire)
    address = server.start()
    server.set_ready(True)
    try:
        yield address
    finally:
        server.stop()


def _handler(method: MethodDescriptor) -> "grpc.RpcMethodHandler[object, object]":
    request, response = GetMessageClass(method.input_type), GetMessageClass(method.output_type)
    return grpc.unary_unary_rpc_method_handler(
        lambda _, __: Cacheable(response(), "m1"), request.FromString, response.SerializeToString
    )


def outcome(channel: grpc.Channel, method: str, request: bytes = b"", **more: object) -> grpc.StatusCode:
    """OK also where the rules of the protos were what an empty request failed by: it was let in."""
    try:
        channel.unary_unary(method)(request, timeout=30, **more)
    except grpc.RpcError as error:
        return grpc.StatusCode.OK if error.code() is grpc.StatusCode.INVALID_ARGUMENT else error.code()
    return grpc.StatusCode.OK


def test_each_rpc_has_a_row() -> None:
    assert set(RULES) == set(METHODS)


def test_no_rpc_is_of_a_kind_that_the_wall_does_not_stand_before() -> None:
    """It stands before unary calls, which all are; of others the interceptor wraps reflection alone."""
    assert [path for path, method in METHODS.items() if method.client_streaming or method.server_streaming] == []


def test_the_table_of_the_documentation_is_the_one_that_counts() -> None:
    text = (ROOT / "docs/authorisation.md").read_text()
    documented = dict(re.findall(r"^\| `(\w+/\w+)` \| (.+) \|$", text, re.MULTILINE))
    told = {
        method.removeprefix("/cocite.v1."): f"`{rule.scope}`" + ("; by `reader_id` `readers`" if rule.named else "")
        for method, rule in RULES.items()
    }
    assert documented == told


def test_whatever_names_readers_needs_readers() -> None:
    for path, method in METHODS.items():
        if GetMessageClass(method.input_type) in NAMING:
            rule = RULES[path]
            assert rule.scope is Scope.READERS or rule.named is GetMessageClass(method.input_type), path


@pytest.mark.parametrize("scope", Scope)
def test_a_key_opens_what_its_row_says_and_nothing_else(settings: Settings, scope: Scope) -> None:
    credentials = Credentials(key=key_for(settings, scope))
    with serving(settings) as address, open_channel(address, (), credentials) as channel:
        for path, rule in RULES.items():
            opens = rule.scope is scope or (rule.named is not None and scope is Scope.READERS)
            expected = grpc.StatusCode.OK if opens else grpc.StatusCode.PERMISSION_DENIED
            assert outcome(channel, path) is expected, path


def test_without_a_key_nothing_but_health_and_reflection_is_answered(settings: Settings) -> None:
    with serving(settings) as address, open_channel(address) as channel:
        for path in METHODS:
            assert outcome(channel, path) is grpc.StatusCode.UNAUTHENTICATED, path
        assert outcome(channel, "/grpc.health.v1.Health/Check") is grpc.StatusCode.OK


def test_without_the_setting_everything_is_answered(settings: Settings) -> None:
    open_to_all = settings.model_copy(update={"require_keys": False})
    assert wall_of(open_to_all) is None
    with serving(open_to_all) as address, open_channel(address) as channel:
        assert {outcome(channel, path) for path in METHODS} == {grpc.StatusCode.OK}


def test_a_feed_by_reader_id_needs_a_key_for_readers(settings: Settings) -> None:
    named = feeds.ListFeedRequest(reader=feeds.ReaderRef(reader_id="ann")).SerializeToString()
    session = feeds.ListFeedRequest(reader=feeds.ReaderRef(session_id="0" * 32)).SerializeToString()
    of_reading, of_readers = key_for(settings, Scope.READ), key_for(settings, Scope.READERS)
    path = "/cocite.v1.FeedService/ListFeed"
    with serving(settings) as address:
        with open_channel(address, (), Credentials(key=of_reading)) as channel:
            assert outcome(channel, path, session) is grpc.StatusCode.OK
            assert outcome(channel, path, named) is grpc.StatusCode.PERMISSION_DENIED
        with open_channel(address, (), Credentials(key=of_readers)) as channel:
            assert outcome(channel, path, session) is outcome(channel, path, named) is grpc.StatusCode.OK


def test_a_key_that_is_wrong_malformed_or_revoked_opens_nothing(settings: Settings) -> None:
    secret = key_for(settings, *Scope)
    with serving(settings) as address, open_channel(address) as channel:
        wrong = [secret[:-1] + ("A" if secret[-1] != "A" else "B"), secret[:-1], secret + "x", "cocite_", "", "none"]
        for shown in [*(f"Bearer {each}" for each in wrong), secret, f"Basic {secret}"]:
            metadata = (("authorization", shown),)
            assert outcome(channel, MODEL, metadata=metadata) is grpc.StatusCode.UNAUTHENTICATED, shown
        for shown in (f"Bearer {secret}", f"bearer  {secret} "):
            assert outcome(channel, MODEL, metadata=(("authorization", shown),)) is grpc.StatusCode.OK
        store = KeyStore(settings.keys)
        store.revoke(store.read()[0].id)
        with_key = (("authorization", f"Bearer {secret}"),)
        assert eventually(lambda: outcome(channel, MODEL, metadata=with_key) is grpc.StatusCode.UNAUTHENTICATED)


def test_answers_from_memory_are_behind_the_wall_too(settings: Settings) -> None:
    memory: AnswerMemory[bytes] = AnswerMemory(1 << 20, 300)
    wire = WireCache(frozenset({MODEL}), memory)
    wire.serve("m1")
    read, embed = key_for(settings, Scope.READ), key_for(settings, Scope.EMBED)
    with serving(settings, wire) as address:
        with open_channel(address, (), Credentials(key=read)) as channel:
            assert outcome(channel, MODEL) is grpc.StatusCode.OK
            assert memory.get(MODEL, b"") is not None
            assert outcome(channel, MODEL) is grpc.StatusCode.OK
        with open_channel(address, (), Credentials(key=embed)) as channel:
            assert outcome(channel, MODEL) is grpc.StatusCode.PERMISSION_DENIED
        with open_channel(address) as channel:
            assert outcome(channel, MODEL) is grpc.StatusCode.UNAUTHENTICATED


def test_a_certificate_with_a_name_on_the_list_needs_no_key(tmp_path: Path) -> None:
    server = Identity(tmp_path / "server").issue()
    gateway = Identity(tmp_path / "gateway", server.authorities).issue("gateway.cocite.example")
    other = Identity(tmp_path / "other", server.authorities).issue("other.cocite.example")
    settings = server.settings(home=tmp_path, tls_names="gateway.cocite.example, features.cocite.example")
    key = key_for(settings, Scope.READ)
    with serving(settings) as address:
        with open_channel(address, (), credentials_of(gateway.settings())) as channel:
            assert {outcome(channel, path) for path in METHODS} == {grpc.StatusCode.OK}
        with open_channel(address, (), credentials_of(other.settings())) as channel:
            assert {outcome(channel, path) for path in METHODS} == {grpc.StatusCode.UNAUTHENTICATED}
        with open_channel(address, (), credentials_of(other.settings(api_key=key))) as channel:
            assert outcome(channel, MODEL) is grpc.StatusCode.OK
            assert outcome(channel, "/cocite.v1.FeedService/GetReader") is grpc.StatusCode.PERMISSION_DENIED


def test_services_that_would_refuse_one_another_are_not_started() -> None:
    with pytest.raises(InvalidArgument) as caught:
        check_own_way(Settings(require_keys=True))
    assert caught.value.field == "COCITE_API_KEY"
    for fit in (Settings(), Settings(require_keys=True, api_key="x"), Settings(require_keys=True, tls_names="x")):
        check_own_way(fit)


@pytest.mark.parametrize("told", [repr, str, lambda s: s.model_dump_json(), lambda s: repr(credentials_of(s))])
def test_the_key_is_not_told(told: Callable[[Settings], str]) -> None:
    assert "cocite_secret" not in told(Settings(api_key="cocite_secret"))


def test_a_key_that_no_metadata_can_hold_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(InvalidArgument) as caught:
        credentials_of(Settings(api_key="cocite_\nabc"))
    assert caught.value.field == "COCITE_API_KEY" and "abc" not in str(caught.value)
