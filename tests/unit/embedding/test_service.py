"""The embedding service on a real port: as callers see it."""

import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import contextmanager
from pathlib import Path

import grpc
import numpy as np
import pytest
from google.rpc import error_details_pb2
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha.proto_reflection_descriptor_database import ProtoReflectionDescriptorDatabase
from grpc_status import rpc_status

from cocite.core.paper import content_hash
from cocite.core.settings import Settings, load_settings
from cocite.core.vectors import decode_vector
from cocite.embedding import cache as cache_module
from cocite.embedding import main
from cocite.embedding.batching import Batcher
from cocite.embedding.cache import rounded
from cocite.embedding.encoder import TokenizedText
from cocite.embedding.main import SERVICE
from cocite.features.main import build as build_features
from cocite.serving.channel import open_channel
from cocite.serving.deadline import Deadline
from cocite.v1 import embedding_service_pb2 as pb
from cocite.v1 import vector_pb2
from cocite.v1.embedding_service_pb2_grpc import EmbeddingServiceStub
from support.batching import until
from support.encoding import WatchedEncoder, minilm
from support.vector_store import VectorServer

PATIENT_S = 30.0
NOWHERE = "127.0.0.1:1"


def hashing(home: Path, features_target: str = NOWHERE, **changes: object) -> Settings:
    values = {"embedding_listen": "127.0.0.1:0", "encoder": "hashing", "drain_s": 1, **changes}
    return Settings(home=home, features_target=features_target, **values)  # type: ignore[arg-type]


@contextmanager
def running(settings: Settings) -> Iterator[grpc.Channel]:
    with serving(settings) as (channel, _):
        yield channel


@contextmanager
def serving(settings: Settings) -> Iterator[tuple[grpc.Channel, Batcher]]:
    process = main.build(settings)
    address = process.server.start()
    try:
        with open_channel(address) as channel:
            yield channel, process.batcher
    finally:
        process.server.stop(lame_duck_s=0)
        process.close()


@pytest.fixture
def stub(tmp_path: Path) -> Iterator[EmbeddingServiceStub]:
    with running(hashing(tmp_path)) as channel:
        yield EmbeddingServiceStub(channel)


def embed(
    stub: EmbeddingServiceStub, texts: list[str], dtype: int = 0, timeout: float = PATIENT_S
) -> pb.EmbedTextsResponse:
    return stub.EmbedTexts(pb.EmbedTextsRequest(texts=texts, dtype=dtype), timeout=timeout)


def refusal(stub: EmbeddingServiceStub, texts: list[str], timeout: float = PATIENT_S) -> grpc.RpcError:
    with pytest.raises(grpc.RpcError) as refused:
        embed(stub, texts, timeout=timeout)
    return refused.value


def fields(error: grpc.RpcError) -> list[str]:
    bad = error_details_pb2.BadRequest()
    status = rpc_status.from_call(error)
    assert status is not None
    return [v.field for d in status.details if d.Unpack(bad) for v in bad.field_violations]


@pytest.fixture(scope="module")
def real_stub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddingServiceStub]:
    settings = hashing(tmp_path_factory.mktemp("home"), encoder="minilm", models_dir=load_settings().models)
    with running(settings) as channel:
        yield EmbeddingServiceStub(channel)


@pytest.mark.parametrize("dtype", [0, vector_pb2.VECTOR_DTYPE_FLOAT32, vector_pb2.VECTOR_DTYPE_FLOAT16])
def test_the_real_model_answers_in_order(real_stub: EmbeddingServiceStub, dtype: int) -> None:
    texts = ["graph drawing", "co-citation " * 300, "graph drawing", "Über 東京 🎉"]
    answer = embed(real_stub, texts, dtype)
    assert answer.model_version == minilm().model_version
    assert answer.dimension == 384
    half = dtype == vector_pb2.VECTOR_DTYPE_FLOAT16
    assert answer.dtype == (dtype or vector_pb2.VECTOR_DTYPE_FLOAT32)
    tokens = minilm().tokenize(texts)
    for got, vector, text in zip(answer.embeddings, minilm().encode(tokens), tokens, strict=True):
        decoded = decode_vector(got.vector, "float16" if half else "float32", 384)
        np.testing.assert_allclose(decoded, rounded(vector), atol=1e-3 if half else 1e-4)
        assert np.linalg.norm(decoded) == pytest.approx(1.0, abs=1e-3 if half else 1e-5)
        assert got.token_count == len(text.token_ids)
        assert got.truncated == text.truncated
        assert not got.cached
    assert [e.truncated for e in answer.embeddings] == [False, True, False, False]
    assert answer.embeddings[0].vector == answer.embeddings[2].vector


def test_the_model_is_described(stub: EmbeddingServiceStub) -> None:
    model = stub.GetEmbeddingModel(pb.GetEmbeddingModelRequest(), timeout=PATIENT_S)
    assert (model.model_version, model.dimension, model.max_tokens) == ("hashing-64-v1", 64, 256)


@pytest.mark.parametrize(
    ("texts", "field"),
    [
        ([], "texts"),
        (["text"] * 257, "texts"),
        (["x" * 10_000_000], "texts[0]"),
        (["fine", ""], "texts[1]"),
        (["fine", " \n\t "], "texts[1]"),
    ],
    ids=["no texts", "257 texts", "10 MB", "empty", "blank"],
)
def test_bad_input_is_refused_by_field(stub: EmbeddingServiceStub, texts: list[str], field: str) -> None:
    error = refusal(stub, texts)
    assert error.code() == grpc.StatusCode.INVALID_ARGUMENT
    assert fields(error) == [field]


def test_an_unknown_dtype_is_refused(stub: EmbeddingServiceStub) -> None:
    with pytest.raises(grpc.RpcError) as refused:
        embed(stub, ["text"], dtype=99)
    assert refused.value.code() == grpc.StatusCode.INVALID_ARGUMENT
    assert fields(refused.value) == ["dtype"]


def test_the_largest_request_is_answered(stub: EmbeddingServiceStub) -> None:
    answer = embed(stub, [f"{number} " + "x" * 90_000 for number in range(256)])
    assert len(answer.embeddings) == 256


@pytest.fixture
def watched(monkeypatch: pytest.MonkeyPatch) -> Iterator[WatchedEncoder]:
    encoder = WatchedEncoder()
    monkeypatch.setattr(main, "load_encoder", lambda settings: encoder)
    yield encoder
    encoder.gate.set()


def test_a_full_queue_is_told_with_a_time_to_retry(tmp_path: Path, watched: WatchedEncoder) -> None:
    settings = hashing(tmp_path, embedding_queue_tokens=256, encoder_threads=1)
    with running(settings) as channel, ThreadPoolExecutor(8) as callers:
        stub = EmbeddingServiceStub(channel)
        watched.entered.acquire(timeout=PATIENT_S)  # the warm-up's
        watched.gate.clear()
        busy = callers.submit(embed, stub, ["first"])
        assert watched.entered.acquire(timeout=PATIENT_S)
        calls = [callers.submit(embed, stub, [f"{number} " + "word " * 127]) for number in range(4)]
        over = iter(as_completed(calls, timeout=PATIENT_S))
        refused = [next(over).exception(), next(over).exception()]  # the queue holds the two others
        watched.gate.set()
        for call in over:
            assert len(call.result().embeddings) == 1
        busy.result(PATIENT_S)
    for error in refused:
        assert isinstance(error, grpc.RpcError)
        assert error.code() == grpc.StatusCode.RESOURCE_EXHAUSTED
        status, retry = rpc_status.from_call(error), error_details_pb2.RetryInfo()
        assert status is not None
        assert any(detail.Unpack(retry) for detail in status.details)
        assert retry.retry_delay.ToMilliseconds() >= 50


def test_a_deadline_is_kept_and_the_text_is_not_encoded(tmp_path: Path, watched: WatchedEncoder) -> None:
    with running(hashing(tmp_path, encoder_threads=1)) as channel, ThreadPoolExecutor(8) as callers:
        stub = EmbeddingServiceStub(channel)
        watched.entered.acquire(timeout=PATIENT_S)
        watched.gate.clear()
        busy = callers.submit(embed, stub, ["first"])
        assert watched.entered.acquire(timeout=PATIENT_S)
        assert refusal(stub, ["late"], timeout=0.2).code() == grpc.StatusCode.DEADLINE_EXCEEDED
        threading.Event().wait(0.2)
        watched.gate.set()
        busy.result(PATIENT_S)
        embed(stub, ["after"])
    late = watched.tokenize(["late"])[0]
    assert late not in [text for batch in watched.batches for text in batch]


class SlowTokenizer(WatchedEncoder):
    """Waits with the tokens until it is released, and counts the texts it was given."""

    def __init__(self) -> None:
        super().__init__()
        self.released = threading.Event()
        self.tokenized = 0

    def tokenize(self, texts: Sequence[str]) -> list[TokenizedText]:
        self.tokenized += len(texts)
        assert self.released.wait(PATIENT_S)
        return super().tokenize(texts)


def test_no_texts_are_tokenised_for_a_caller_who_is_gone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    encoder = SlowTokenizer()
    encoder.released.set()
    monkeypatch.setattr(main, "load_encoder", lambda settings: encoder)
    deadlines: list[Deadline] = []
    deadline_of = Deadline.of
    monkeypatch.setattr(Deadline, "of", lambda *given: deadlines.append(deadline_of(*given)) or deadlines[-1])
    with running(hashing(tmp_path, drain_s=PATIENT_S)) as channel:
        stub = EmbeddingServiceStub(channel)
        encoder.tokenized = 0
        embed(stub, [f"text {number}" for number in range(256)])
        assert encoder.tokenized == 256
        encoder.tokenized = 0
        encoder.released.clear()
        late = refusal(stub, [f"text {number}" for number in range(256)], timeout=2.0)
        until(lambda: deadlines[-1].remaining() == 0)  # the service may count from a moment later
        encoder.released.set()
    assert late.code() == grpc.StatusCode.DEADLINE_EXCEEDED
    assert 0 < encoder.tokenized < 256


def test_under_overload_a_call_is_refused_before_its_text_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    encoder = SlowTokenizer()
    encoder.released.set()
    monkeypatch.setattr(main, "load_encoder", lambda settings: encoder)
    with serving(hashing(tmp_path, encoder_threads=1)) as (channel, batcher), ThreadPoolExecutor(8) as callers:
        stub = EmbeddingServiceStub(channel)
        assert encoder.entered.acquire(timeout=PATIENT_S)  # the warm-up's
        encoder.gate.clear()
        calls = [callers.submit(embed, stub, ["first"])]
        assert encoder.entered.acquire(timeout=PATIENT_S)
        calls.append(callers.submit(embed, stub, ["second"]))
        until(lambda: batcher.waiting_tokens == 1)
        batcher._throughput.add(tokens=1, seconds=1e6)  # of late a token took days
        read = encoder.tokenized
        assert refusal(stub, ["third"]).code() == grpc.StatusCode.RESOURCE_EXHAUSTED
        assert encoder.tokenized == read
        encoder.gate.set()
        for call in calls:
            assert len(call.result(PATIENT_S).embeddings) == 1


def test_the_text_of_a_caller_who_left_is_not_encoded(tmp_path: Path, watched: WatchedEncoder) -> None:
    with serving(hashing(tmp_path, encoder_threads=1)) as (channel, batcher), ThreadPoolExecutor(8) as callers:
        stub = EmbeddingServiceStub(channel)
        assert watched.entered.acquire(timeout=PATIENT_S)
        watched.gate.clear()
        busy = callers.submit(embed, stub, ["first"])
        assert watched.entered.acquire(timeout=PATIENT_S)
        leaving = stub.EmbedTexts.future(pb.EmbedTextsRequest(texts=["left"]), timeout=PATIENT_S)
        until(lambda: batcher.waiting_tokens == 1)
        leaving.cancel()
        until(lambda: batcher.waiting_tokens == 0)
        watched.gate.set()
        busy.result(PATIENT_S)
        embed(stub, ["after"])
    left = watched.tokenize(["left"])[0]
    assert left not in [text for batch in watched.batches for text in batch]


def test_every_call_that_waits_can_be_packed_with_the_others(tmp_path: Path, watched: WatchedEncoder) -> None:
    """As many wait in the batcher as there are callers, more than server_threads."""
    settings = hashing(tmp_path, encoder_threads=1, server_threads=2)
    with serving(settings) as (channel, batcher), ThreadPoolExecutor(32) as callers:
        stub = EmbeddingServiceStub(channel)
        assert watched.entered.acquire(timeout=PATIENT_S)
        watched.gate.clear()
        calls = [callers.submit(embed, stub, ["first"])]
        assert watched.entered.acquire(timeout=PATIENT_S)
        calls += [callers.submit(embed, stub, [f"w{number}"]) for number in range(20)]
        until(lambda: batcher.waiting_tokens == 20)
        watched.gate.set()
        assert all(len(call.result(PATIENT_S).embeddings) == 1 for call in calls)


def test_an_expired_deadline_is_refused(stub: EmbeddingServiceStub) -> None:
    assert refusal(stub, ["text"], timeout=0.0).code() == grpc.StatusCode.DEADLINE_EXCEEDED


def test_a_second_call_is_answered_from_the_cache_with_the_same_bits(
    tmp_path: Path, watched: WatchedEncoder, vector_server: VectorServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cache_module, "GET_TIMEOUT_S", PATIENT_S)
    with running(hashing(tmp_path, vector_server.target)) as channel:
        stub = EmbeddingServiceStub(channel)
        first = embed(stub, ["graph drawing", "citation analysis"])
        assert vector_server.store.stored.acquire(timeout=PATIENT_S)
        encoded = len(watched.batches)
        second = embed(stub, ["citation analysis", "graph drawing", "something new"])
    assert [e.cached for e in first.embeddings] == [False, False]
    assert [e.cached for e in second.embeddings] == [True, True, False]
    assert [e.vector for e in second.embeddings[:2]] == [e.vector for e in first.embeddings[::-1]]
    assert [e.token_count for e in second.embeddings] == [2, 2, 2]
    assert sum(len(batch) for batch in watched.batches[encoded:]) == 1
    assert ("hashing-64-v1", content_hash("graph drawing")) in vector_server.store.vectors


def test_the_real_feature_service_is_the_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cache_module, "GET_TIMEOUT_S", PATIENT_S)
    features = build_features(Settings(home=tmp_path, features_listen="127.0.0.1:0", redis_timeout_s=PATIENT_S))
    try:
        target = features.server.start()
        with running(hashing(tmp_path, target)) as channel:
            stub = EmbeddingServiceStub(channel)
            first = embed(stub, ["graph drawing"]).embeddings[0]
            for _ in range(500):  # the put is on its way
                again = embed(stub, ["graph drawing"]).embeddings[0]
                if again.cached:
                    break
                threading.Event().wait(0.01)
    finally:
        features.server.stop(lame_duck_s=0)
        features.close()
    assert again.cached
    assert again.vector == first.vector


@pytest.mark.parametrize("way", ["dead", "broken", "slow"])
def test_without_its_cache_the_service_answers(tmp_path: Path, vector_server: VectorServer, way: str) -> None:
    release = threading.Event()
    if way == "broken":
        vector_server.store.before = lambda: (_ for _ in ()).throw(RuntimeError("broken"))
    if way == "slow":
        vector_server.store.before = lambda: (release.wait(PATIENT_S), None)[1]
    target = NOWHERE if way == "dead" else vector_server.target
    try:
        with running(hashing(tmp_path, target)) as channel:
            for number in range(6):
                (embedding,) = embed(EmbeddingServiceStub(channel), [f"text {number % 2}"]).embeddings
                assert not embedding.cached
            release.set()
    finally:
        release.set()


def test_many_callers_at_once_each_get_their_own(tmp_path: Path) -> None:
    encoder = WatchedEncoder()
    with running(hashing(tmp_path)) as channel, ThreadPoolExecutor(16) as callers:
        stub = EmbeddingServiceStub(channel)
        texts = [f"paper {number % 40} " + "on citations " * (number % 7) for number in range(200)]
        answers = list(callers.map(lambda text: embed(stub, [text]), texts))
    for text, answer in zip(texts, answers, strict=True):
        (expected,) = encoder.encode(encoder.tokenize([text]))
        np.testing.assert_array_equal(decode_vector(answer.embeddings[0].vector, "float32", 64), rounded(expected))


def test_health_and_reflection(tmp_path: Path) -> None:
    with running(hashing(tmp_path)) as channel:
        health = health_pb2_grpc.HealthStub(channel)
        for name in ("", SERVICE):
            answer = health.Check(health_pb2.HealthCheckRequest(service=name), timeout=PATIENT_S)
            assert answer.status == health_pb2.HealthCheckResponse.SERVING
        assert SERVICE in ProtoReflectionDescriptorDatabase(channel).get_services()
