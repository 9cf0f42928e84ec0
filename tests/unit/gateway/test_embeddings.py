"""The embeddings API of OpenAI before an embedding service whose answers are scripted."""

import base64
import time

import numpy as np
import pytest

from cocite.core.errors import Overloaded
from cocite.v1 import embedding_service_pb2 as pb
from support.gateway import MODEL, SLACK_S, answering, running_gateway

URL = "/v1/embeddings"
EMBEDDER = "words-v1"


def embedding(request):
    """Vectors that tell the length of their texts, at a token a letter."""
    if isinstance(request, pb.GetEmbeddingModelRequest):
        return pb.GetEmbeddingModelResponse(model_version=EMBEDDER)
    if isinstance(request, pb.EmbedTextsRequest):
        found = [
            pb.Embedding(vector=np.array([len(text), 1], "<f4").tobytes(), token_count=len(text))
            for text in request.texts
        ]
        return pb.EmbedTextsResponse(model_version=EMBEDDER, embeddings=found)
    return answering(MODEL)(request)


@pytest.fixture(scope="module")
def running(tmp_path_factory):
    with running_gateway(tmp_path_factory.mktemp("gateway"), gateway_anonymous_scopes="read,embed") as gateway:
        yield gateway


@pytest.fixture
def gateway(running):
    running.recommender.servicer.answer = embedding
    running.recommender.servicer.requests.clear()
    yield running
    running.recommender.servicer.answer = answering(MODEL)


def embedded(gateway) -> list[pb.EmbedTextsRequest]:
    return [each for each in gateway.asked if isinstance(each, pb.EmbedTextsRequest)]


def test_many_texts_are_embedded_in_pieces_and_told_in_their_order(gateway):
    texts = ["x" * (1 + number % 7) for number in range(600)]
    answer = gateway.client.post(URL, json={"model": EMBEDDER, "input": texts}).json()
    assert [each["embedding"] for each in answer["data"]] == [[len(text), 1] for text in texts]
    assert [each["index"] for each in answer["data"]] == list(range(600))
    assert answer["usage"] == {"prompt_tokens": sum(map(len, texts)), "total_tokens": sum(map(len, texts))}
    assert [len(each.texts) for each in embedded(gateway)] == [256, 256, 88]


def test_vectors_as_base64(gateway):
    asked = {"model": "words", "input": "abc", "encoding_format": "base64", "dimensions": 2}
    (told,) = gateway.client.post(URL, json=asked).json()["data"]
    assert np.frombuffer(base64.b64decode(told["embedding"]), "<f4").tolist() == [3, 1]


def test_all_pieces_share_the_time_of_the_request(gateway):
    def slow(request):
        if isinstance(request, pb.EmbedTextsRequest):
            time.sleep(0.5)
        return embedding(request)

    servicer = gateway.recommender.servicer
    servicer.answer = slow
    start = len(servicer.time_left)
    asked = {"model": EMBEDDER, "input": ["x"] * 700}
    assert gateway.client.post(URL, json=asked, headers={"request-timeout-ms": "20000"}).status_code == 200
    seen = zip(servicer.requests, servicer.time_left[start:], strict=False)
    left = [left for request, left in seen if isinstance(request, pb.EmbedTextsRequest)]
    assert 10 + SLACK_S < left[0] <= 20 + SLACK_S  # not the default, which is 10
    assert left[-1] <= 20 - 0.5 * (len(left) - 1) + SLACK_S


@pytest.mark.parametrize(
    ("change", "status", "param"),
    [
        ({"input": [1, 2]}, 400, "input"),
        ({"input": []}, 400, "input"),
        ({"input": ["x", ""]}, 400, "input"),
        ({"input": ["x"] * 2049}, 400, "input"),
        ({"encoding_format": "int8"}, 400, "encoding_format"),
        ({"dimensions": 3}, 400, "dimensions"),
        ({"model": "text-embedding-ada-002"}, 404, "model"),
        ({"model": ""}, 400, "model"),
        ({"model": None}, 400, "model"),
        ({"model": 1}, 404, "model"),
    ],
)
def test_what_is_wrong_is_told_in_their_form(gateway, change, status, param):
    answer = gateway.client.post(URL, json={"model": EMBEDDER, "input": "x", **change})
    told = answer.json()["error"]
    assert param != "model" or f"there is: {EMBEDDER}" in told["message"]
    assert (answer.status_code, told["type"], told["param"]) == (status, "invalid_request_error", param)


def test_a_failure_of_ours_is_told_in_their_form(gateway):
    def full(request):
        raise Overloaded("the queue is full", retry_after_s=3)

    gateway.recommender.servicer.answer = full
    answer = gateway.client.get("/v1/models")
    assert (answer.status_code, answer.headers["retry-after"]) == (429, "3")
    assert answer.json()["error"]["message"] == "the queue is full"
    late = gateway.client.get("/v1/models", headers={"request-timeout-ms": "0"})
    assert (late.status_code, late.json()["error"]["type"]) == (504, "server_error")
