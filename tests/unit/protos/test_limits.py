"""The largest requests that the rules in the protos let through fit into a message: callers meet rules, not grpcio."""

import pytest
from google.protobuf.message import Message

from cocite.core.errors import InvalidArgument
from cocite.serving.interceptor import validate
from cocite.serving.transport import MAX_MESSAGE_BYTES
from cocite.v1 import embedding_service_pb2, feature_service_pb2, recommender_service_pb2, vector_pb2

WIDE = "\U00020000"  # a character of four bytes
MODEL = "m" * 128


def papers(ids: int = 1000) -> Message:
    return feature_service_pb2.BatchGetPapersRequest(paper_ids=[WIDE * 512] * ids)


def get_vectors(keys: int = 1000) -> Message:
    return feature_service_pb2.BatchGetVectorsRequest(model_version=MODEL, keys=[WIDE * 200] * keys)


def put_vectors(vectors: int = 1000, size: int = 16384) -> Message:
    vector = feature_service_pb2.Vector(key=WIDE * 200, data=bytes(size))
    return feature_service_pb2.BatchPutVectorsRequest(
        model_version=MODEL, dtype=vector_pb2.VECTOR_DTYPE_FLOAT32, dimension=4096, vectors=[vector] * vectors
    )


def texts(count: int = 256, size: int = 100_000) -> Message:
    return embedding_service_pb2.EmbedTextsRequest(texts=[WIDE * (size // 4) + "x" * (size % 4)] * count)


def recommend(exclude_ids: int = 1000) -> Message:
    pb = recommender_service_pb2
    text = pb.TextSeed(title=WIDE * 2000, abstract="x" + WIDE * 49_999)
    seeds = pb.Seeds(positive_ids=[WIDE * 512] * 100, negative_ids=[WIDE * 512] * 100, texts=[text] * 10)
    venues = pb.PaperFilter(venues=[WIDE * 500] * 50)
    return pb.RecommendPapersRequest(seeds=seeds, filter=venues, exclude_ids=[WIDE * 512] * exclude_ids)


@pytest.mark.parametrize("largest", [papers, get_vectors, put_vectors, texts, recommend])
def test_the_largest_request_that_the_rules_allow_fits(largest) -> None:
    request = largest()
    validate(request)
    assert request.ByteSize() < MAX_MESSAGE_BYTES


@pytest.mark.parametrize(
    "larger",
    [
        lambda: papers(1001),
        lambda: get_vectors(1001),
        lambda: put_vectors(1001),
        lambda: put_vectors(size=16385),
        lambda: texts(257),
        lambda: texts(size=100_001),
        lambda: recommend(1001),
    ],
)
def test_it_is_the_largest(larger) -> None:
    with pytest.raises(InvalidArgument):
        validate(larger())


def test_the_largest_answer_with_vectors_fits() -> None:
    vectors = put_vectors().vectors
    assert feature_service_pb2.BatchGetVectorsResponse(vectors=vectors).ByteSize() < MAX_MESSAGE_BYTES
