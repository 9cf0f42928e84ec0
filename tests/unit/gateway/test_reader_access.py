"""Who may name readers how, in every protocol, and that nobody keeps what one reader was answered."""

from itertools import product

import orjson
import pytest
from google.protobuf.descriptor import Descriptor
from google.protobuf.json_format import MessageToDict

from cocite.core.errors import InvalidArgument
from cocite.core.settings import Settings
from cocite.gateway.methods import open_methods
from cocite.gateway.protection import protected
from cocite.gateway.transcoding import routes_of
from cocite.serving.key_store import KeyStore
from cocite.serving.keys import Scope
from cocite.serving.reader_names import NAMING
from cocite.v1 import feed_service_pb2 as pb
from cocite.v1.paper_pb2 import Paper
from support.gateway import answering, running_gateway
from support.gateway_server import saying_ok

SESSION = pb.ReaderRef(session_id="0123456789abcdef0123456789abcdef")
NAMED = pb.ReaderRef(reader_id="ann")
TOKEN = pb.ReaderRef(feed_token="A" * 30)
METHODS = {method.descriptor.name: method for method in open_methods().values() if method.service == "feeds"}
REST = {route.method.descriptor.name: route for route in routes_of(METHODS.values())}
WHAT_NAMES = sorted(name for name, method in METHODS.items() if method.request in NAMING)
WIRES = ("connect+json", "connect+proto", "grpc-web", "rest")


def request_of(name: str, reader: pb.ReaderRef):
    if name == "RecordEvents":
        events = [pb.Event(event_id=str(number), kind="EVENT_KIND_SAVE", paper_id="doi:10.1/1") for number in (1, 2)]
        events[0].reader.CopyFrom(SESSION)
        events[1].reader.CopyFrom(reader)
        return pb.RecordEventsRequest(events=events)
    more = {"email": "ann@reader.example", "period": pb.DIGEST_PERIOD_DAILY} if name == "Subscribe" else {}
    return METHODS[name].request(reader=reader, **more)


def send(client, name: str, message, wire: str, **headers: str):
    data, path = message.SerializeToString(), METHODS[name].path
    if wire == "rest":
        return client.post(REST[name].path, json=MessageToDict(message), headers=headers)
    if wire == "connect+json":
        return client.post(path, json=MessageToDict(message), headers=headers)
    if wire == "connect+proto":
        return client.post(path, content=data, headers={"content-type": "application/proto", **headers})
    framed = b"\0" + len(data).to_bytes(4, "big") + data
    return client.post(path, content=framed, headers={"content-type": "application/grpc-web+proto", **headers})


def refused(answer, wire: str) -> bool:
    """Whether it says PERMISSION_DENIED as the protocol does, in a line that says why."""
    if wire == "grpc-web":
        return answer.status_code == 200 and b"grpc-status: 7" in answer.content
    said = answer.json()
    message = said["message"] if wire.startswith("connect") else said["error"]["message"]
    return answer.status_code == 403 and "needs a key for readers" in message and "\n" not in message


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    return tmp_path_factory.mktemp("home")


@pytest.fixture(scope="module")
def keys(home):
    store = KeyStore(home / "keys.json")
    return {
        "site": store.create("site", [Scope.READ, Scope.READERS], None)[1],
        "site alone": store.create("site", [Scope.READERS], None)[1],
        "other": store.create("other", [Scope.READ, Scope.EMBED], None)[1],
    }


@pytest.fixture(scope="module")
def gateway(home, keys):
    with running_gateway(home, gateway_max_age_s=60) as gateway:
        before = gateway.recommender.servicer.answer

        def answer(request):
            for method in METHODS.values():
                if isinstance(request, method.request):
                    return method.response()
            return before(request)

        gateway.recommender.servicer.answer = answer
        yield gateway


@pytest.mark.parametrize(("name", "wire"), [*product(WHAT_NAMES, WIRES)])
def test_a_reader_is_named_by_name_with_a_key_for_readers_alone(gateway, keys, name, wire):
    before = len(gateway.asked)
    for headers in ({}, {"x-api-key": keys["other"]}):
        assert refused(send(gateway.client, name, request_of(name, NAMED), wire, **headers), wire)
    assert len(gateway.asked) == before, "a refused request must not be asked"
    for key in ("site", "site alone"):
        answer = send(gateway.client, name, request_of(name, NAMED), wire, **{"x-api-key": keys[key]})
        assert answer.status_code == 200
    assert gateway.asked[before:] == [request_of(name, NAMED)] * 2


@pytest.mark.parametrize(("name", "wire"), [*product(WHAT_NAMES, WIRES)])
def test_sessions_and_feed_tokens_are_for_whoever_knows_them(gateway, name, wire):
    for reader in (SESSION, TOKEN):
        before = len(gateway.asked)
        assert send(gateway.client, name, request_of(name, reader), wire).status_code == 200
        assert gateway.asked[before:] == [request_of(name, reader)]


def holders(kind: Descriptor, seen: frozenset[str] = frozenset()) -> bool:
    """Whether a message can name a reader anywhere in it."""
    if kind.full_name in seen:
        return False
    inside = [field.message_type for field in kind.fields if field.message_type is not None]
    return any(each.full_name == "cocite.v1.ReaderRef" or holders(each, seen | {kind.full_name}) for each in inside)


def test_all_requests_that_can_name_a_reader_are_looked_at():
    found = {method.request for method in open_methods().values() if holders(method.request.DESCRIPTOR)}
    assert found == {*NAMING}
    for kind, names in NAMING.items():
        name = next(each for each in WHAT_NAMES if METHODS[each].request is kind)
        assert names(request_of(name, NAMED))
        assert not names(request_of(name, SESSION))


@pytest.mark.parametrize("name", sorted(METHODS))
def test_only_lists_for_all_are_kept(gateway, name):
    method = METHODS[name]
    if name in ("ListTrending", "ListNew"):
        before = len(gateway.asked)
        first = gateway.client.get(REST[name].path)
        again = gateway.client.get(REST[name].path, headers={"if-none-match": first.headers["etag"]})
        assert (again.status_code, len(gateway.asked)) == (304, before + 1)
        assert "public" in first.headers["cache-control"]
        return
    message = request_of(name, SESSION) if method.request in NAMING else method.request(token="A" * 30)
    for wire in WIRES:
        before = len(gateway.asked)
        for _ in range(2):
            assert send(gateway.client, name, message, wire).headers["cache-control"] == "no-store"
        assert len(gateway.asked) == before + 2


def test_an_answer_that_names_its_model_is_not_kept_for_that(gateway):
    """ListFeed names one, as recommendations do: the very answer that must not be given to the next."""
    before = gateway.recommender.servicer.answer
    feed = pb.ListFeedResponse(model_version="m", items=[pb.FeedItem(paper=Paper(paper_id="doi:10.1/1"))])
    gateway.recommender.servicer.answer = lambda request: (
        feed if isinstance(request, pb.ListFeedRequest) else before(request)
    )
    try:
        answer = send(gateway.client, "ListFeed", request_of("ListFeed", SESSION), "rest")
        assert (answer.headers["cache-control"], "etag" in answer.headers) == ("no-store", False)
        assert orjson.loads(answer.content)["items"]
    finally:
        gateway.recommender.servicer.answer = before


def test_no_reader_is_named_in_an_address(gateway):
    """Personal methods have no GET: what they name would stand in logs of proxies and in histories."""
    for name in WHAT_NAMES:
        assert gateway.client.get(METHODS[name].path).status_code == 405
        assert gateway.client.get(REST[name].path).status_code == 405


def test_a_trending_list_that_lacks_something_is_not_kept(gateway):
    before = gateway.recommender.servicer.answer
    lacking = pb.ListTrendingResponse(degraded=[{"detail": "the catalogue is away"}])
    gateway.recommender.servicer.answer = lambda request: lacking
    try:
        answer = gateway.client.get(f"{REST['ListTrending'].path}?pageSize=7")
        assert answer.headers["cache-control"] == "no-store"
    finally:
        gateway.recommender.servicer.answer = before


def test_nobody_names_readers_without_a_key(tmp_path):
    settings = Settings(home=tmp_path, gateway_anonymous_scopes="read,readers")
    with pytest.raises(InvalidArgument, match="COCITE_GATEWAY_ANONYMOUS_SCOPES: readers needs a key always"):
        protected(saying_ok, settings, [], [])


def test_recommendations_are_kept_as_before(gateway):
    gateway.recommender.servicer.answer, before = answering("model-1"), gateway.recommender.servicer.answer
    try:
        asked = {"seeds": {"positiveIds": ["doi:10.1/9"]}}
        assert "public" in gateway.client.post("/v1/papers:recommend", json=asked).headers["cache-control"]
    finally:
        gateway.recommender.servicer.answer = before
