"""Vectors in the cache: float16, by model version and key."""

import threading
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import structlog

from cocite.cache.keys import Keys
from cocite.cache.redis_store import RedisStore
from cocite.core.errors import Unavailable
from cocite.core.vectors import Dtype, check_direction, check_finite, decode_vectors
from cocite.features.codec import decode_vector, encode_vector

log = structlog.get_logger("cocite.features")


@dataclass(slots=True)
class VectorsFound:
    """Vectors by key, each dimension numbers in little-endian float16; cached is False when Redis failed."""

    vectors: dict[str, bytes] = field(default_factory=dict)
    dimension: int = 0
    cached: bool = True


def to_float16(data: Sequence[bytes], dtype: Dtype, dimension: int) -> npt.NDArray[np.float16]:
    """Vectors of shape (len(data), dimension) from bytes. Raises InvalidArgument that names vectors[i].data for a
    wrong length, a number that is not finite or one beyond float16's 65504, and for nothing but zeros in float16.
    """

    def field(i: int) -> str:
        return f"vectors[{i}].data"

    numbers = decode_vectors(data, dtype, dimension, field=field)
    with np.errstate(over="ignore"):
        halves = numbers.astype(np.float16)
    check_finite(halves, "holds a number beyond 65504, which float16 cannot hold", field)
    check_direction(halves, field)
    return halves


class VectorCache:
    """Keeps vectors in Redis. Thread-safe.

    counts tells how many vectors the cache had ("hits"), had not ("misses") and had damaged or in an odd dimension
    ("damaged", misses too).
    """

    def __init__(self, store: RedisStore, keys: Keys, ttl_s: int) -> None:
        self._store = store
        self._keys = keys
        self._ttl_s = ttl_s
        self._lock = threading.Lock()
        self.counts: Counter[str] = Counter()

    def get(self, model_version: str, keys: Sequence[str]) -> VectorsFound:
        """Vectors of distinct keys, all of the dimension that most of them have; others count as missing."""
        names = [self._keys.vector(model_version, key) for key in keys]
        try:
            values = self._store.get_many(names)
        except Unavailable:
            return VectorsFound(cached=False)
        there = [(key, name, value) for key, name, value in zip(keys, names, values, strict=True) if value is not None]
        decoded = {key: data for key, name, value in there if (data := decode_vector(name, value)) is not None}
        sizes = Counter(len(data) for data in decoded.values())
        size = sizes.most_common(1)[0][0] if sizes else 0
        vectors = {key: data for key, data in decoded.items() if len(data) == size}
        if damaged := len(there) - len(vectors):
            log.warning("damaged vectors in redis", count=damaged, model_version=model_version)
        with self._lock:
            self.counts.update(hits=len(vectors), misses=len(keys) - len(vectors), damaged=damaged)
        return VectorsFound(vectors, size // 2)

    def put(self, model_version: str, keys: Sequence[str], vectors: npt.NDArray[np.float16]) -> int:
        """Store vectors of shape (len(keys), d), the last of several with one key. Returns how many Redis took."""
        values = []
        for key, vector in zip(keys, vectors, strict=True):
            name = self._keys.vector(model_version, key)
            values.append((name, encode_vector(name, vector)))
        try:
            return self._store.put_many(values, self._ttl_s)
        except Unavailable:
            return 0
