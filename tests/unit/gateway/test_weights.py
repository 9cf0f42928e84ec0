"""What requests count as, and that callers pay it."""

import asyncio
import re

import orjson
import pytest
from starlette.applications import Starlette

from cocite.gateway import embeddings
from cocite.gateway.asking import Asker
from cocite.gateway.buckets import LocalBuckets
from cocite.gateway.methods import open_methods
from cocite.gateway.quota import Admission
from cocite.gateway.rest import http_routes
from cocite.gateway.security_guard import Guard, Hosts
from cocite.gateway.transcoding import routes_of
from cocite.gateway.weights import weight_of
from cocite.serving.key_store import KeyRing, KeyStore
from cocite.serving.keys import Scope
from cocite.v1 import embedding_service_pb2, feature_service_pb2, feed_service_pb2
from cocite.v1 import recommender_service_pb2 as pb
from support.asgi import exchange, pieces, request
from support.virtual_time import run_in_virtual_time

METHODS = open_methods()
TEXT = pb.TextSeed(title="a text")
EVENT = feed_service_pb2.Event(event_id="1")


def weight(name, asked) -> int:
    (method,) = [each for each in METHODS.values() if each.descriptor.name == name]
    return weight_of(method, asked if isinstance(asked, bytes) else asked.SerializeToString())


@pytest.mark.parametrize(
    ("name", "asked", "expected"),
    [
        ("RecommendPapers", pb.RecommendPapersRequest(seeds=pb.Seeds(positive_ids=["a"] * 50)), 1),
        ("RecommendPapers", pb.RecommendPapersRequest(seeds=pb.Seeds(texts=[TEXT] * 2, negative_texts=[TEXT])), 15),
        ("RecommendPapers", b"", 1),
        ("RecommendPapers", b"\xff", 1),
        ("GetModel", b"", 1),
        ("EmbedTexts", embedding_service_pb2.EmbedTextsRequest(texts=["a"] * 256), 1280),
        ("GetEmbeddingModel", b"", 0),
        ("BatchGetPapers", feature_service_pb2.BatchGetPapersRequest(paper_ids=["a"] * 100), 1),
        ("BatchGetPapers", feature_service_pb2.BatchGetPapersRequest(paper_ids=["a"] * 101), 2),
        ("BatchGetReferences", feature_service_pb2.BatchGetReferencesRequest(paper_ids=["a"] * 200), 2),
        ("RecordEvents", feed_service_pb2.RecordEventsRequest(events=[EVENT] * 20), 1),
        ("RecordEvents", feed_service_pb2.RecordEventsRequest(events=[EVENT] * 1000), 50),
        ("ListNew", feed_service_pb2.ListNewRequest(page_size=100), 1),
        ("ListNew", feed_service_pb2.ListNewRequest(similar=3), 5),
        ("ListNew", feed_service_pb2.ListNewRequest(similar=3, page_size=100), 25),
        ("GetReader", feed_service_pb2.GetReaderRequest(), 1),
        ("GetReader", feed_service_pb2.GetReaderRequest(page_size=1000), 10),
        ("ListFeed", feed_service_pb2.ListFeedRequest(page_size=100), 1),
        ("Subscribe", feed_service_pb2.SubscribeRequest(), 20),
    ],
)
def test_a_request_counts_as_what_it_costs(name, asked, expected):
    assert weight(name, asked) == expected


class Encoder:
    """Embeds, and knows how many texts it was given."""

    def __init__(self) -> None:
        self.texts = 0

    async def call(self, method, request, timeout_s):
        if method.descriptor.name == "GetEmbeddingModel":
            return embedding_service_pb2.GetEmbeddingModelResponse(model_version="m-1").SerializeToString()
        count = len(embedding_service_pb2.EmbedTextsRequest.FromString(request).texts)
        self.texts += count
        vectors = [embedding_service_pb2.Embedding(vector=bytes(8))] * count
        return embedding_service_pb2.EmbedTextsResponse(model_version="m-1", embeddings=vectors).SerializeToString()


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/v1/embeddings", lambda count: {"model": "m-1", "input": ["a"] * count}),
        ("/v1/texts:embed", lambda count: {"texts": ["a"] * count}),
    ],
)
def test_who_embeds_pays_for_each_text_before_any_is_embedded(tmp_path, path, body):
    async def check():
        encoder, clock = Encoder(), asyncio.get_running_loop().time
        asker = Asker(encoder, 10.0, 30.0)
        routes = embeddings.routes(asker, METHODS, 1 << 20)
        routes += http_routes(asker, list(routes_of(METHODS.values())), 1 << 20, 10)
        admission = Admission(
            Starlette(routes=routes),
            KeyRing(KeyStore(tmp_path / "keys.json")),
            LocalBuckets(clock=clock),
            anonymous_rate=6000,
            anonymous_scopes=tuple(Scope),
            key_rate=1,
            needed={},
        )
        app = Guard(admission, Hosts("", "hosts"), body_s=10.0, most=9)

        async def embeds(count):
            asked = request(path, content_type="application/json")
            return await exchange(app, asked, pieces(orjson.dumps(body(count))))

        answer = await embeds(200)
        assert answer.status == 200
        assert left(answer) == 5000
        answer = await embeds(600 if path == "/v1/embeddings" else 256)
        assert left(answer) == (2000 if path == "/v1/embeddings" else 3720)
        done = encoder.texts
        while (answer := await embeds(200)).status == 200:
            done += 200
        assert (answer.status, encoder.texts) == (429, done)
        await asyncio.sleep(1)  # so that it is let in, and found too much
        answer = await embeds(200)
        assert answer.status == 429
        await asyncio.sleep(int(answer.headers["retry-after"]))
        assert (await embeds(200)).status == 200
        if path == "/v1/embeddings":
            never = await embeds(2000)
            assert never.status == 429
            assert "retry-after" not in never.headers
            assert "this counts as 10000 requests, and 6000 a minute are the most" in never.body.decode()
            assert "`cocite key create NAME --rate 10000`" in never.body.decode()
            assert "COCITE_GATEWAY_ANONYMOUS_RATE" in never.body.decode()

    run_in_virtual_time(check())


def left(answer) -> int:
    told = dict(answer.scope["cocite.told"])[b"ratelimit"].decode()
    return int(re.search(r"r=(\d+)", told)[1])
