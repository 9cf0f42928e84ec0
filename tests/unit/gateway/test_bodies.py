"""Bodies that say not to be JSON, above all those that any page could have a browser send."""

import gzip

import pytest

from support.gateway import running_gateway

BODY = b'{"seeds": {"positiveIds": ["doi:10.1/x"]}, "positivePaperIds": ["x"], "ids": ["x"], "input": "x"}'
RECOMMEND = "/v1/papers:recommend"
ROUTES = {
    RECOMMEND: lambda told: told["error"]["message"],
    "/recommendations/v1/papers/": lambda told: told["error"],
    "/graph/v1/paper/batch": lambda told: told["error"],
    "/v1/embeddings": lambda told: told["error"]["message"],
}
SENT_WITHOUT_ASKING = ["application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "text/plain", None]


@pytest.fixture(scope="module")
def gateway(tmp_path_factory):
    with running_gateway(tmp_path_factory.mktemp("gateway"), gateway_anonymous_scopes="read,embed") as gateway:
        yield gateway


@pytest.mark.parametrize("content_type", [*SENT_WITHOUT_ASKING, "application/jsonp", "application/proto", ""])
@pytest.mark.parametrize("path", ROUTES)
def test_what_says_not_to_be_json_is_refused(gateway, path, content_type):
    before = len(gateway.asked)
    headers = {} if content_type is None else {"content-type": content_type}
    answer = gateway.client.post(path, content=BODY, headers=headers)
    assert answer.status_code == 415
    assert "-H 'content-type: application/json'" in ROUTES[path](answer.json())
    assert len(gateway.asked) == before


@pytest.mark.parametrize("content_type", ["application/json", "Application/JSON; charset=utf-8", " application/json ;"])
def test_what_says_to_be_json_is_read(gateway, content_type):
    body = BODY.partition(b', "positive')[0] + b"}"
    assert gateway.client.post(RECOMMEND, content=body, headers={"content-type": content_type}).status_code == 200


def test_no_body_needs_no_type(gateway):
    assert "queries" in gateway.client.post("/v1/papers:resolve").json()["error"]["message"]


@pytest.mark.parametrize("encoding", ["gzip", "zstd", "identity, gzip"])
@pytest.mark.parametrize("path", ROUTES)
def test_compressed_bodies_are_not_taken_for_json(gateway, path, encoding):
    headers = {"content-type": "application/json", "content-encoding": encoding}
    answer = gateway.client.post(path, content=gzip.compress(BODY), headers=headers)
    assert answer.status_code == 415
    assert "content-encoding" in ROUTES[path](answer.json())


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("PUT", RECOMMEND, "GET, HEAD, POST"),
        ("OPTIONS", RECOMMEND, "GET, HEAD, POST"),
        ("DELETE", "/healthz", "GET, HEAD"),
        ("GET", "/v1/embeddings", "POST"),
        ("GET", "/recommendations/v1/papers", "POST"),
        ("PATCH", "/graph/v1/paper/x", "GET, HEAD"),
        ("GET", "/v1/papers:batchRecommend", "POST"),
    ],
)
def test_another_method_is_refused_in_json_and_told_which_would_do(gateway, method, path, allowed):
    answer = gateway.client.request(method, path)
    assert (answer.status_code, answer.headers["allow"]) == (405, allowed)
    error = answer.json()["error"]
    assert f"must be one of {allowed}" in (error if isinstance(error, str) else error["message"])
