import os

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from cocite.cache.keys import Keys
from cocite.cache.redis_store import RedisStore
from cocite.core.errors import InvalidArgument
from cocite.core.vectors import Dtype, encode_vector
from cocite.features.vectors import VectorCache, to_float16
from support.valkey import RealValkey

MODEL = "minilm-1"


def rows(count: int, dimension: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).standard_normal((count, dimension)).astype(np.float16)


@given(hnp.arrays(np.float32, (3, 5), elements=st.floats(-65504, 65504, width=32)))
def test_float32_becomes_the_nearest_float16(numbers: np.ndarray) -> None:
    numbers[:, 0] = 1
    halves = to_float16([encode_vector(row, "float32") for row in numbers], "float32", 5)
    assert halves.dtype == np.float16 and np.array_equal(halves, numbers.astype(np.float16))


@pytest.mark.parametrize("dtype", ["float32", "float16"])
@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_a_number_that_is_not_finite_is_named(dtype: Dtype, bad: float) -> None:
    numbers = np.ones((3, 4), dtype=np.float32)
    numbers[2, 1] = bad
    with pytest.raises(InvalidArgument, match="not finite") as caught:
        to_float16([encode_vector(row, dtype) for row in numbers], dtype, 4)
    assert caught.value.field == "vectors[2].data"


@pytest.mark.parametrize("dtype", ["float32", "float16"])
@pytest.mark.parametrize("nothing", [0.0, -0.0, 1e-9])  # the last is more than float16 can tell from zero
def test_a_vector_of_zeros_is_named(dtype: Dtype, nothing: float) -> None:
    numbers = np.ones((3, 4), dtype=np.float32)
    numbers[1] = nothing
    with pytest.raises(InvalidArgument, match="nothing but zeros") as caught:
        to_float16([encode_vector(row, dtype) for row in numbers], dtype, 4)
    assert caught.value.field == "vectors[1].data"


@pytest.mark.parametrize(("dtype", "size"), [("float32", 15), ("float32", 8), ("float16", 16), ("float16", 7)])
def test_a_wrong_length_is_named(dtype: Dtype, size: int) -> None:
    good = encode_vector(np.ones(4, dtype=np.float32), dtype)
    with pytest.raises(InvalidArgument, match="bytes, not") as caught:
        to_float16([good, bytes(size)], dtype, 4)
    assert caught.value.field == "vectors[1].data"


@pytest.mark.parametrize(("number", "fits"), [(65504.0, True), (65519.0, True), (65520.0, False), (-1e30, False)])
def test_a_number_too_large_for_float16_is_named(number: float, fits: bool) -> None:
    data = [encode_vector(np.array([1.0, number], dtype=np.float32), "float32")]
    if fits:
        assert np.isfinite(to_float16(data, "float32", 2)).all()
    else:
        with pytest.raises(InvalidArgument, match="65504") as caught:
            to_float16(data, "float32", 2)
        assert caught.value.field == "vectors[0].data"


def test_vectors_come_back_and_others_are_absent(vectors: VectorCache, valkey: RealValkey) -> None:
    put = rows(3, 384)
    assert vectors.put(MODEL, ["a", "b", "c"], put) == 3
    found = vectors.get(MODEL, ["c", "x", "a"])
    assert found.vectors == {"c": put[2].tobytes(), "a": put[0].tobytes()}
    assert (found.dimension, found.cached) == (384, True)
    assert (valkey.calls("mget"), valkey.calls("set"), valkey.calls("get")) == (1, 3, 0)
    assert vectors.counts == {"hits": 2, "misses": 1, "damaged": 0}


def test_nothing_found_has_no_dimension(vectors: VectorCache) -> None:
    found = vectors.get(MODEL, ["a"])
    assert (found.vectors, found.dimension, found.cached) == ({}, 0, True)


def test_another_model_version_has_vectors_of_its_own(vectors: VectorCache) -> None:
    vectors.put(MODEL, ["a"], rows(1, 4))
    assert vectors.get("minilm-2", ["a"]).vectors == {}


def test_the_last_of_several_with_one_key_stays(vectors: VectorCache) -> None:
    put = rows(2, 4)
    assert vectors.put(MODEL, ["a", "a"], put) == 2
    assert vectors.get(MODEL, ["a"]).vectors == {"a": put[1].tobytes()}


def test_vectors_of_an_odd_dimension_are_missing(vectors: VectorCache) -> None:
    vectors.put(MODEL, ["odd"], rows(1, 8))
    vectors.put(MODEL, ["a", "b"], rows(2, 4))
    found = vectors.get(MODEL, ["odd", "a", "b"])
    assert set(found.vectors) == {"a", "b"} and found.dimension == 4
    assert vectors.get(MODEL, ["odd"]).dimension == 8


def test_poison_is_a_miss(vectors: VectorCache, valkey: RealValkey, keys: Keys) -> None:
    put = rows(2, 4)
    vectors.put(MODEL, ["a", "b"], put)
    valkey.raw.set(keys.vector(MODEL, "a"), os.urandom(18))
    assert vectors.get(MODEL, ["a", "b"]).vectors == {"b": put[1].tobytes()}
    assert vectors.counts["damaged"] == 1


def test_every_vector_expires(vectors: VectorCache, valkey: RealValkey, keys: Keys) -> None:
    vectors.put(MODEL, ["a"], rows(1, 4))
    assert 540 <= valkey.raw.ttl(keys.vector(MODEL, "a")) <= 600


def test_without_redis_nothing_is_found_or_stored_and_it_says_so(vectors: VectorCache, valkey: RealValkey) -> None:
    vectors.put(MODEL, ["a"], rows(1, 4))
    valkey.kill()
    for _ in range(5):
        found = vectors.get(MODEL, ["a"])
        assert (found.vectors, found.cached) == ({}, False)
        assert vectors.put(MODEL, ["a"], rows(1, 4)) == 0


def test_a_hung_redis_is_waited_for_three_times_in_all(hasty_store: RedisStore, keys: Keys, valkey: RealValkey) -> None:
    vectors = VectorCache(hasty_store, keys, 600)
    valkey.freeze()
    for _ in range(25):
        assert vectors.put(MODEL, ["a"], rows(1, 4)) == 0
        assert not vectors.get(MODEL, ["a"]).cached
    assert hasty_store.counts["failures"] == 3
    valkey.thaw()
