from collections.abc import Iterator, Sequence

import grpc
import numpy as np
import pytest

from cocite.core.errors import CociteError, DeadlineExceeded
from cocite.recommender.clients import EmbeddingClient
from cocite.recommender.texts import MAX_TEXT_LENGTH, TextVectors, Vector
from cocite.serving.deadline import Deadline
from cocite.v1 import degradation_pb2, vector_pb2
from cocite.v1 import embedding_service_pb2 as embedding_pb
from cocite.v1.embedding_service_pb2_grpc import add_EmbeddingServiceServicer_to_server
from support.bundles import DIMENSION, EMBEDDING_MODEL, bag_vector
from support.recommender import Embedding, listen, until


@pytest.fixture
def service() -> Iterator[tuple[Embedding, EmbeddingClient]]:
    embedding = Embedding()
    server, target = listen("EmbeddingService", lambda s: add_EmbeddingServiceServicer_to_server(embedding, s))
    with grpc.insecure_channel(target) as channel:
        yield embedding, EmbeddingClient(channel)
    embedding.trouble.released.set()
    server.stop()


def _of(vectors: TextVectors, *texts: str) -> tuple[Sequence[Vector | None], list[int]]:
    found, problems = vectors.of(texts, EMBEDDING_MODEL, DIMENSION, Deadline.after(10))
    return found, [problem.cause for problem in problems]


def test_vectors_in_order_and_each_text_asked_once(service: tuple[Embedding, EmbeddingClient]) -> None:
    embedding, client = service
    vectors = TextVectors(client)
    found, problems = _of(vectors, "a b", "c", "a b")
    assert not problems
    for vector, text in zip(found, ("a b", "c", "a b"), strict=True):
        assert vector is not None
        np.testing.assert_array_equal(vector, bag_vector(text))
    _of(vectors, "c", "d")
    assert [list(request.texts) for request in embedding.requests] == [["a b", "c"], ["d"]]
    assert _of(vectors) == ([], [])


def test_the_memory_is_bounded_and_forgets_the_least_recently_used(service: tuple[Embedding, EmbeddingClient]) -> None:
    embedding, client = service
    vectors = TextVectors(client, remembered=2)
    for text in ("a", "b", "a", "c", "a", "b"):
        _of(vectors, text)
    assert [list(request.texts) for request in embedding.requests] == [["a"], ["b"], ["c"], ["b"]]


def test_known_vectors_serve_while_the_service_is_down(service: tuple[Embedding, EmbeddingClient]) -> None:
    embedding, client = service
    vectors = TextVectors(client)
    _of(vectors, "a")
    embedding.trouble.code = grpc.StatusCode.UNAVAILABLE
    (known, unknown), problems = _of(vectors, "a", "b")
    assert known is not None and unknown is None
    assert problems == [degradation_pb2.DEGRADED_CAUSE_EMBEDDING_UNAVAILABLE]
    assert _of(vectors, "a")[1] == []


def test_a_mismatch_is_not_remembered(service: tuple[Embedding, EmbeddingClient]) -> None:
    embedding, client = service
    vectors = TextVectors(client)
    embedding.model_version = "other"
    found, problems = _of(vectors, "a")
    assert found == [None] and problems == [degradation_pb2.DEGRADED_CAUSE_EMBEDDING_MISMATCH]
    embedding.model_version = EMBEDDING_MODEL
    found, problems = _of(vectors, "a")
    assert found[0] is not None and not problems


def test_an_overlong_text_is_cut_to_what_the_service_takes(service: tuple[Embedding, EmbeddingClient]) -> None:
    embedding, client = service
    _of(TextVectors(client), "x" * (3 * MAX_TEXT_LENGTH))
    assert len(embedding.requests[0].texts[0]) == MAX_TEXT_LENGTH


@pytest.mark.parametrize(
    "response",
    [
        embedding_pb.EmbedTextsResponse(model_version=EMBEDDING_MODEL, dimension=1, dtype=1),
        embedding_pb.EmbedTextsResponse(
            model_version=EMBEDDING_MODEL, dimension=4, dtype=1, embeddings=[embedding_pb.Embedding(vector=b"\0" * 3)]
        ),
        embedding_pb.EmbedTextsResponse(
            model_version=EMBEDDING_MODEL,
            dimension=1,
            dtype=1,
            embeddings=[embedding_pb.Embedding(vector=np.float32("nan").tobytes())],
        ),
        embedding_pb.EmbedTextsResponse(
            model_version=EMBEDDING_MODEL,
            dimension=1,
            dtype=1,
            embeddings=[embedding_pb.Embedding(vector=np.float32(0).tobytes())],
        ),
        embedding_pb.EmbedTextsResponse(
            model_version=EMBEDDING_MODEL,
            dimension=2,
            dtype=vector_pb2.VECTOR_DTYPE_FLOAT16,
            embeddings=[embedding_pb.Embedding(vector=b"\0" * 4)],
        ),
    ],
)
def test_a_nonsensical_answer_is_a_failure(
    service: tuple[Embedding, EmbeddingClient], response: embedding_pb.EmbedTextsResponse
) -> None:
    embedding, client = service
    embedding.answer = response
    with pytest.raises(CociteError):
        client.embed(["a"], Deadline.after(10))
    found, problems = _of(TextVectors(client), "a")
    assert found == [None] and problems == [degradation_pb2.DEGRADED_CAUSE_EMBEDDING_UNAVAILABLE]


def test_no_time_left_asks_nothing(service: tuple[Embedding, EmbeddingClient]) -> None:
    embedding, client = service
    with pytest.raises(DeadlineExceeded):
        client.embed(["a"], Deadline.after(-1))
    assert not embedding.requests


def test_callers_in_a_hurry_do_not_make_a_service_look_dead(service: tuple[Embedding, EmbeddingClient]) -> None:
    embedding, client = service
    embedding.trouble.hang = True
    for _ in range(5):
        with pytest.raises(DeadlineExceeded):
            client.embed(["a"], Deadline.after(0.02))
    embedding.trouble.hang = False
    embedding.trouble.released.set()
    assert client.embed(["a"], Deadline.after(10))[0] == EMBEDDING_MODEL


def test_a_service_that_keeps_fair_callers_waiting_is_left_alone(service: tuple[Embedding, EmbeddingClient]) -> None:
    embedding, client = service
    embedding.trouble.hang = True
    for _ in range(3):
        with pytest.raises(DeadlineExceeded):
            client.embed(["a"], Deadline.after(0.45))
    with pytest.raises(CociteError, match="left alone"):
        client.embed(["a"], Deadline.after(10))


def test_a_service_that_hurried_callers_never_hear_of_is_left_alone(service: tuple[Embedding, EmbeddingClient]) -> None:
    embedding, client = service
    embedding.trouble.hang = True

    def left_alone() -> bool:
        with pytest.raises(CociteError) as caught:
            client.embed(["a"], Deadline.after(0.1))
        return "left alone" in str(caught.value)

    until(left_alone)
