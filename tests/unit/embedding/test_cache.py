import threading
from collections.abc import Iterator

import grpc
import numpy as np
import pytest

from cocite.core.vectors import encode_vector
from cocite.embedding import cache as module
from cocite.embedding.cache import VectorCache, rounded
from cocite.serving.channel import open_channel
from support.vector_store import VectorServer

VERSION, DIMENSION = "test-v1", 8
PATIENT_S = 10.0


def unit(seed: int) -> np.ndarray:
    vector = np.random.default_rng(seed).standard_normal(DIMENSION).astype(np.float32)
    return vector / np.linalg.norm(vector)


@pytest.fixture(autouse=True)
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """A busy machine is not a slow service."""
    monkeypatch.setattr(module, "GET_TIMEOUT_S", PATIENT_S)
    monkeypatch.setattr(module, "PUT_TIMEOUT_S", PATIENT_S)


@pytest.fixture
def cache(vector_server: VectorServer) -> Iterator[VectorCache]:
    with open_channel(vector_server.target) as channel:
        cache = VectorCache(channel, VERSION, DIMENSION)
        yield cache
        cache.close()


def put_and_wait(vector_server: VectorServer, cache: VectorCache, vectors: dict[str, np.ndarray]) -> None:
    cache.put(vectors)
    assert vector_server.store.stored.acquire(timeout=PATIENT_S)


def test_what_is_put_comes_back_rounded(vector_server: VectorServer, cache: VectorCache) -> None:
    put_and_wait(vector_server, cache, {"a": unit(1), "b": unit(2)})
    found = cache.get(["a", "b", "c"], PATIENT_S)
    assert set(found) == {"a", "b"}
    np.testing.assert_array_equal(found["a"], rounded(unit(1)))
    assert len(vector_server.store.vectors[VERSION, "a"]) == 2 * DIMENSION


def test_what_comes_back_is_what_was_answered_bit_by_bit(vector_server: VectorServer, cache: VectorCache) -> None:
    put_and_wait(vector_server, cache, {str(seed): unit(seed) for seed in range(200)})
    found = cache.get([str(seed) for seed in range(200)], PATIENT_S)
    for seed in range(200):
        np.testing.assert_array_equal(found[str(seed)], rounded(unit(seed)))


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\x00" * 2 * DIMENSION,
        encode_vector(unit(1), "float16")[:-2],
        encode_vector(unit(1) * 3, "float16"),
        encode_vector(np.full(DIMENSION, np.nan, dtype=np.float32), "float16"),
    ],
    ids=["empty", "zero", "short", "not of norm 1", "not a number"],
)
def test_a_vector_that_cannot_be_right_counts_as_missing(
    vector_server: VectorServer, cache: VectorCache, data: bytes
) -> None:
    put_and_wait(vector_server, cache, {"good": unit(1), "bad": unit(2)})
    assert set(cache.get(["good", "bad"], PATIENT_S)) == {"good", "bad"}
    vector_server.store.vectors[VERSION, "bad"] = data
    assert set(cache.get(["good", "bad"], PATIENT_S)) == {"good"}


def test_another_models_vectors_are_not_used(vector_server: VectorServer, cache: VectorCache) -> None:
    put_and_wait(vector_server, cache, {"a": unit(1)})
    with open_channel(vector_server.target) as channel:
        other_version = VectorCache(channel, "test-v2", DIMENSION)
        other_size = VectorCache(channel, VERSION, DIMENSION * 2)
        assert other_version.get(["a"], PATIENT_S) == {}
        assert other_size.get(["a"], PATIENT_S) == {}
        other_version.close()
        other_size.close()


def test_a_failing_service_is_left_alone_after_a_few_failures(vector_server: VectorServer, cache: VectorCache) -> None:
    def fail() -> None:
        raise RuntimeError("broken")

    vector_server.store.before = fail
    for _ in range(20):
        assert cache.get(["a"], PATIENT_S) == {}
    assert vector_server.store.gets == module.MAX_FAILURES


def test_a_service_that_recovers_is_used_again(vector_server: VectorServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "OPEN_S", 0.01)
    with open_channel(vector_server.target) as channel:
        cache = VectorCache(channel, VERSION, DIMENSION)
        put_and_wait(vector_server, cache, {"a": unit(1)})
        vector_server.store.before = lambda: (_ for _ in ()).throw(RuntimeError("broken"))
        for _ in range(module.MAX_FAILURES):
            cache.get(["a"], PATIENT_S)
        assert not cache._breaker.closed
        vector_server.store.before = lambda: None
        pause = threading.Event()
        for _ in range(500):
            if cache.get(["a"], PATIENT_S):
                break
            pause.wait(0.01)
        assert cache._breaker.closed
        cache.close()


def test_a_slow_service_costs_its_timeout_and_no_more(vector_server: VectorServer, cache: VectorCache) -> None:
    release = threading.Event()
    vector_server.store.before = lambda: (release.wait(PATIENT_S), None)[1]
    try:
        assert cache.get(["a"], 0.02) == {}
    finally:
        release.set()


def test_no_service_at_all() -> None:
    with grpc.insecure_channel("127.0.0.1:1") as channel:
        cache = VectorCache(channel, VERSION, DIMENSION)
        for _ in range(5):
            cache.put({"a": unit(1)})
            assert cache.get(["a"], 0.5) == {}
        cache.close()


def test_no_time_left_asks_nobody(vector_server: VectorServer, cache: VectorCache) -> None:
    assert cache.get(["a"], 0.0) == {}
    assert vector_server.store.gets == 0


def test_puts_beyond_the_queue_are_dropped_without_waiting(vector_server: VectorServer, cache: VectorCache) -> None:
    release = threading.Event()
    vector_server.store.before = lambda: (release.wait(PATIENT_S), None)[1]
    for number in range(3 * module.QUEUED_PUTS):
        cache.put({str(number): unit(number)})
    release.set()
    while vector_server.store.stored.acquire(timeout=0.5):
        pass
    assert 0 < len(vector_server.store.vectors) <= module.QUEUED_PUTS + 1


def test_rounding_moves_little_and_keeps_the_norm() -> None:
    for seed in range(50):
        assert np.linalg.norm(rounded(unit(seed))) == pytest.approx(1.0, abs=1e-6)
        np.testing.assert_allclose(rounded(unit(seed)), unit(seed), atol=1e-3)
