"""The services over Connect and gRPC-Web, before a recommender whose answers are scripted."""

import base64
import gzip
import json
import struct
import threading
import urllib.parse
from types import SimpleNamespace

import pytest
from connectrpc.errors import ConnectError
from google.protobuf.json_format import MessageToJson

from cocite.core.errors import InvalidArgument, Overloaded
from cocite.gateway.asking import Answer
from cocite.gateway.connect import BinaryCodec, JsonCodec, connect_error
from cocite.v1 import degradation_pb2
from cocite.v1 import recommender_service_pb2 as pb
from support.gateway import MODEL, SLACK_S, answering, running_gateway

PATH = "/cocite.v1.RecommenderService/RecommendPapers"
REQUEST = pb.RecommendPapersRequest(seeds=pb.Seeds(positive_ids=["doi:10.1/x"]), page_token="t")
REST = "/v1/papers:recommend"
JSON = {"content-type": "application/json"}
PROTO = {"content-type": "application/proto"}
WEB = {"content-type": "application/grpc-web+proto"}


@pytest.fixture(scope="module")
def running(tmp_path_factory):
    with running_gateway(tmp_path_factory.mktemp("gateway")) as gateway:
        yield gateway


@pytest.fixture
def gateway(running):
    yield running
    running.recommender.servicer.answer = answering(MODEL)


def message(**query: str) -> str:
    return f"{PATH}?{urllib.parse.urlencode(query)}"


def test_binary_messages_pass_through_as_they_are():
    answer = Answer(SimpleNamespace(response=pb.RecommendPapersResponse), b"\x1a\x02m1")
    assert BinaryCodec().encode(answer) == answer.body
    assert (
        BinaryCodec().decode(bytearray(b"\xff"), pb.RecommendPapersRequest) == b"\xff"
    )  # the service says what is wrong
    assert json.loads(JsonCodec().encode(answer)) == {"modelVersion": "m1"}
    told = json.dumps({"seeds": {"positiveIds": ["doi:10.1/x"]}, "pageToken": "t"}).encode()
    assert JsonCodec().decode(told, pb.RecommendPapersRequest) == REQUEST.SerializeToString()
    for wrong in (b"{", b"[]", b'{"nothing": 1}', b'{"pageSize": "x"}'):
        with pytest.raises(ConnectError):
            JsonCodec().decode(wrong, pb.RecommendPapersRequest)


def test_errors_keep_their_details():
    error = connect_error(InvalidArgument("seeds: wrong", field="seeds.positive_ids[0]"))
    assert (error.code.value, error.message) == ("invalid_argument", "seeds: wrong")
    assert len(error.details) == 2
    assert connect_error(Overloaded("full", retry_after_s=1)).code.value == "resource_exhausted"


def test_get_and_post_in_both_codecs(gateway):
    told = json.dumps({"seeds": {"positiveIds": ["doi:10.1/x"]}, "pageToken": "t"})
    coded = base64.urlsafe_b64encode(REQUEST.SerializeToString()).decode()
    expected = {"modelVersion": MODEL, "nextPageToken": "t"}
    assert gateway.client.post(PATH, content=told, headers=JSON).json() == expected
    assert gateway.client.get(message(encoding="json", message=told)).json() == expected
    binary = gateway.client.post(PATH, content=REQUEST.SerializeToString(), headers=PROTO).content
    assert pb.RecommendPapersResponse.FromString(binary).next_page_token == "t"
    assert gateway.client.get(message(encoding="proto", base64="1", message=coded.rstrip("="))).content == binary


def test_what_was_asked_is_kept_until_another_model_serves(gateway):
    url = message(encoding="json", message=json.dumps({"seeds": {"positiveIds": ["doi:10.1/kept"]}}))
    first = gateway.client.get(url)
    before = len(gateway.asked)
    assert "public" in first.headers["cache-control"]
    assert gateway.client.get(url).json() == first.json()
    again = gateway.client.get(url, headers={"if-none-match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert len(gateway.asked) == before
    gateway.serve_model("model-2")
    swapped = gateway.client.get(url, headers={"if-none-match": first.headers["etag"]})
    assert swapped.json()["modelVersion"] == "model-2"
    assert len(gateway.asked) == before + 1


@pytest.mark.parametrize(
    "lacking",
    [
        {"degraded": [degradation_pb2.Degradation(cause=1)]},
        {"unresolved_seeds": [pb.UnresolvedSeed(id="x")]},
    ],
    ids=str,
)
def test_what_may_be_better_in_a_moment_is_not_kept(gateway, lacking):
    gateway.recommender.servicer.answer = answering(MODEL, **lacking)
    url = message(encoding="json", message=json.dumps({"seeds": {"positiveIds": [f"doi:10.1/{len(str(lacking))}"]}}))
    first = gateway.client.get(url)
    before = len(gateway.asked)
    assert first.headers["cache-control"] == "no-store"
    assert "etag" not in first.headers
    assert gateway.client.get(url).status_code == 200
    assert len(gateway.asked) == before + 1


def test_json_is_compressed_where_the_client_takes_that(gateway):
    gateway.recommender.servicer.answer = answering(MODEL, next_page_token="t" * 5000)
    asked = {"seeds": {"positiveIds": ["doi:10.1/long"]}}
    for url, body in ((PATH, asked), (REST, asked)):
        plain = gateway.client.post(url, json=body, headers={"accept-encoding": "identity"})
        for _ in range(2):
            packed = gateway.client.post(url, json=body, headers={"accept-encoding": "gzip"})
            assert packed.headers["content-encoding"] == "gzip"
            assert packed.num_bytes_downloaded < plain.num_bytes_downloaded / 10
            assert packed.json() == plain.json()
    small = gateway.client.get("/healthz", headers={"accept-encoding": "gzip"})
    assert "content-encoding" not in small.headers


def test_compressed_requests_are_read(gateway):
    told = gzip.compress(REQUEST.SerializeToString())
    answer = gateway.client.post(PATH, content=told, headers={**PROTO, "content-encoding": "gzip"})
    assert pb.RecommendPapersResponse.FromString(answer.content).next_page_token == "t"
    bomb = gzip.compress(bytes(64 << 20))
    refused = gateway.client.post(PATH, content=bomb, headers={**PROTO, "content-encoding": "gzip"})
    assert refused.json()["code"] == "resource_exhausted"
    wrong = gateway.client.post(PATH, content=b"no gzip", headers={**PROTO, "content-encoding": "gzip"})
    assert 400 <= wrong.status_code < 500


@pytest.mark.parametrize("path", [PATH, REST, "/openapi.json"])
def test_who_refuses_compression_gets_none(gateway, path):
    gateway.recommender.servicer.answer = answering(MODEL, next_page_token="t" * 5000)
    told = (
        {"seeds.positiveIds": "doi:10.1/x"} if path == REST else {"encoding": "json", "message": MessageToJson(REQUEST)}
    )
    for accepted, encoding in (("gzip;q=0", "identity"), ("br;q=1.0, gzip;q=0.8", "gzip"), ("gzip;q=0", "identity")):
        answer = gateway.client.get(path, params=told, headers={"accept-encoding": accepted})
        assert answer.status_code == 200
        assert answer.headers.get("content-encoding", "identity") == encoding


@pytest.mark.parametrize("encoding", ["zstd", "br", "gzip, gzip", "GZIP"])
def test_an_encoding_that_is_not_known_is_refused_as_connect_has_it(gateway, encoding):
    """https://connectrpc.com/docs/protocol: "unimplemented", which is status 501 there, and what is known instead."""
    posted = gateway.client.post(PATH, content=b"x", headers={**PROTO, "content-encoding": encoding})
    query = {"encoding": "json", "message": "e30", "base64": "1", "compression": encoding}
    for answer in (posted, gateway.client.get(message(**query))):
        assert (answer.status_code, answer.json()["code"]) == (501, "unimplemented")
        assert "supported encodings are gzip" in answer.json()["message"]
        assert answer.headers["cache-control"] == "no-store"
    web = gateway.client.post(PATH, content=framed(b""), headers={**WEB, "grpc-encoding": encoding})
    assert web.status_code == 200
    assert b"grpc-status: 12" in web.content.replace(b":12", b": 12")


@pytest.mark.parametrize("content_type", ["text/plain", "application/x-www-form-urlencoded", "application/xml", None])
def test_what_is_no_message_is_refused_with_a_word(gateway, content_type):
    headers = {} if content_type is None else {"content-type": content_type}
    answer = gateway.client.post(PATH, content=b"{}", headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (415, "invalid_argument")
    assert "application/json or application/proto" in answer.json()["message"]
    got = gateway.client.get(message(encoding="xml", message="{}"))
    assert (got.status_code, got.json()["message"]) == (415, "encoding: must be json or proto")


@pytest.mark.parametrize("method", ["PUT", "DELETE", "OPTIONS"])
def test_another_method_is_refused_with_a_word(gateway, method):
    answer = gateway.client.request(method, PATH, headers=JSON)
    assert (answer.status_code, answer.headers["allow"]) == (405, "GET, POST")
    assert answer.json()["code"] == "invalid_argument"
    assert answer.headers["cache-control"] == "no-store"


def test_a_service_that_is_full_says_when_to_come_again(gateway):
    def full(request):
        raise Overloaded("full", retry_after_s=3)

    asked = pb.RecommendPapersRequest(seeds=REQUEST.seeds, page_token="full")
    gateway.recommender.servicer.answer = full
    answer = gateway.client.post(PATH, content=MessageToJson(asked), headers=JSON)
    assert (answer.status_code, answer.headers["retry-after"]) == (429, "3")
    assert answer.headers["cache-control"] == "no-store"


TIMES_OUT_S = 0.5
USUAL, TOLD, LONGEST = (0, 10), (10, 20), (20, 30)  # between which bounds, in seconds, a service sees its time


@pytest.mark.parametrize(
    ("url", "headers", "bounds"),
    [
        (PATH, {**JSON, "connect-timeout-ms": "20000"}, TOLD),
        (PATH, JSON, USUAL),
        (PATH, {**JSON, "connect-timeout-ms": "9999999999"}, LONGEST),
        (PATH, {**WEB, "grpc-timeout": "20000m"}, TOLD),
        (PATH, {**WEB, "grpc-timeout": "20S"}, TOLD),
        (REST, {**JSON, "request-timeout-ms": "20000"}, TOLD),
        (REST, {**JSON, "request-timeout-ms": "9999999999"}, LONGEST),
        (REST, JSON, USUAL),
    ],
)
def test_the_time_that_the_client_has_reaches_the_service(gateway, url, headers, bounds):
    new = f"{url} {headers}"  # no other test asked it
    told = pb.RecommendPapersRequest(seeds=REQUEST.seeds, page_token=new)
    body = framed(told.SerializeToString()) if "grpc-timeout" in headers else MessageToJson(told)
    assert gateway.client.post(url, content=body, headers=headers).status_code == 200
    servicer = gateway.recommender.servicer
    (left,) = [
        left
        for request, left in zip(servicer.requests, servicer.time_left, strict=False)
        if getattr(request, "page_token", "") == new
    ]
    assert bounds[0] < left - SLACK_S <= bounds[1]


@pytest.mark.parametrize(
    ("url", "headers", "late"),
    [
        (PATH, {**JSON, "connect-timeout-ms": "500"}, lambda answer: answer.json()["code"] == "deadline_exceeded"),
        (PATH, {**WEB, "grpc-timeout": "500m"}, lambda answer: grpc_status(answer) == "4"),
        (REST, {**JSON, "request-timeout-ms": "500"}, lambda answer: answer.status_code == 504),
    ],
)
def test_who_has_no_time_left_is_told_while_the_service_still_works(gateway, url, headers, late):
    over = threading.Event()

    def slow(request):
        if isinstance(request, pb.RecommendPapersRequest):
            over.wait(10 * TIMES_OUT_S)
        return answering(MODEL)(request)

    gateway.recommender.servicer.answer = slow
    asked = pb.RecommendPapersRequest(seeds=REQUEST.seeds, page_token=f"late {headers}")
    body = framed(asked.SerializeToString()) if "grpc-timeout" in headers else MessageToJson(asked)
    try:
        answer = gateway.client.post(url, content=body, headers=headers)
        assert late(answer)
    finally:
        over.set()


@pytest.mark.parametrize(
    ("url", "headers", "status"),
    [
        (REST, {**JSON, "request-timeout-ms": "0"}, 504),
        (REST, {**JSON, "request-timeout-ms": "-1"}, 400),
        (REST, {**JSON, "request-timeout-ms": "1e3"}, 400),
        (REST, {**JSON, "request-timeout-ms": "9" * 30}, 400),
        (PATH, {**JSON, "connect-timeout-ms": "soon"}, 400),
        (PATH, {**JSON, "connect-timeout-ms": "99999999999"}, 400),
    ],
)
def test_a_time_that_is_none_is_refused(gateway, url, headers, status):
    new = MessageToJson(pb.RecommendPapersRequest(seeds=REQUEST.seeds, page_token=str(headers)))
    assert gateway.client.post(url, content=new, headers=headers).status_code == status


def framed(message: bytes) -> bytes:
    return struct.pack(">BI", 0, len(message)) + message


def frames(body: bytes) -> list[tuple[int, bytes]]:
    found = []
    while body:
        kind, length = struct.unpack(">BI", body[:5])
        found.append((kind, body[5 : 5 + length]))
        body = body[5 + length :]
    return found


def grpc_status(answer) -> str:
    """What the trailers of an answer say."""
    return frames(answer.content)[-1][1].decode().partition("grpc-status:")[2].split()[0]


def test_an_id_of_a_request_reaches_the_service_and_is_none_where_nobody_asked(gateway):
    for url in (PATH, REST):
        asked = {"seeds": {"positiveIds": ["doi:10.1/x"]}, "pageToken": f"id of {url}"}
        answer = gateway.client.post(url, json=asked, headers={"x-request-id": "of-the-client"})
        assert answer.headers["x-request-id"] == "of-the-client"
    servicer = gateway.recommender.servicer
    seen = list(zip(servicer.requests, servicer.metadata, strict=False))
    ids = [told["x-request-id"] for request, told in seen if getattr(request, "page_token", "").startswith("id of")]
    assert ids == ["of-the-client"] * 2
    assert not [told for request, told in seen if isinstance(request, pb.GetModelRequest) and "x-request-id" in told]


def test_grpc_web_by_hand(gateway):
    for _ in range(2):  # from the service, and from the cache
        answer = gateway.client.post(PATH, content=framed(REQUEST.SerializeToString()), headers=WEB)
        assert answer.headers["content-type"] == WEB["content-type"]
        (kind, data), (last, trailers) = frames(answer.content)
        assert (kind, last) == (0, 0x80)
        assert pb.RecommendPapersResponse.FromString(data).next_page_token == "t"
        assert b"grpc-status: 0" in trailers.lower().replace(b":0", b": 0")


def test_grpc_itself_is_told_where_it_is_answered(gateway):
    answer = gateway.client.post(PATH, content=b"\0\0\0\0\0", headers={"content-type": "application/grpc"})
    assert answer.status_code == 415
    assert "gRPC-Web" in answer.json()["message"]
