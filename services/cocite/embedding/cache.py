"""Vectors by content hash, kept by the feature service. Best effort: whatever goes wrong there, vectors are computed.

The cache keeps float16. So that a text has one answer whether or not it was cached, every answer goes through
rounded(), which gives what the cache would give back.
"""

import queue
import threading
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress

import grpc
import numpy as np
import numpy.typing as npt
import structlog

from cocite.core.errors import InvalidArgument
from cocite.core.vectors import Dtype, decode_vector, encode_vector
from cocite.serving.breaker import Breaker
from cocite.serving.tally import Tallies
from cocite.serving.tracing import Asking
from cocite.v1 import feature_service_pb2 as features
from cocite.v1 import vector_pb2
from cocite.v1.feature_service_pb2_grpc import FeatureServiceStub

log = structlog.get_logger("cocite.embedding.cache")

Vector = npt.NDArray[np.float32]
GET_TIMEOUT_S = 0.05
PUT_TIMEOUT_S = 1.0
MAX_FAILURES = 3
OPEN_S = 2.0
QUEUED_PUTS = 64  # of at most 256 vectors each
_CLOSE_TIMEOUT_S = 2.0
_DTYPES: dict[int, Dtype] = {vector_pb2.VECTOR_DTYPE_FLOAT16: "float16", vector_pb2.VECTOR_DTYPE_FLOAT32: "float32"}
_NORM_TOLERANCE = 0.01  # float16 moves the norm by less than 0.001


def rounded(vector: Vector) -> Vector:
    """A vector (d,) rounded to float16 and scaled back to L2 norm 1, float32."""
    coarse = vector.astype(np.float16).astype(np.float32)
    return coarse / np.float32(np.linalg.norm(coarse))


class VectorCache:
    """The feature service as a cache of one encoder's vectors. channel is the caller's to close.

    After MAX_FAILURES failures in a row the service is left alone for OPEN_S seconds. Thread-safe.

    reads counts vectors that were there ("hits") and were not ("misses", whatever the reason).
    """

    def __init__(self, channel: grpc.Channel, model_version: str, dimension: int) -> None:
        self._stub = FeatureServiceStub(channel)  # type: ignore[no-untyped-call]  # generated
        self._model_version = model_version
        self._dimension = dimension
        self._breaker = Breaker(MAX_FAILURES, OPEN_S)
        self.reads = Tallies()
        self._puts: queue.Queue[features.BatchPutVectorsRequest | None] = queue.Queue(QUEUED_PUTS)  # None ends it
        self._writer = threading.Thread(target=self._write, name="vector-cache", daemon=True)
        self._writer.start()

    def get(self, keys: Sequence[str], timeout_s: float) -> dict[str, Vector]:
        """Rounded vectors of those keys the cache holds; empty when it fails. At most 1000 keys."""
        found = self._get(keys, timeout_s)
        self.reads.add("hits", count=len(found))
        self.reads.add("misses", count=len(keys) - len(found))
        return found

    def _get(self, keys: Sequence[str], timeout_s: float) -> dict[str, Vector]:
        if timeout_s <= 0 or not self._breaker.allow():
            return {}
        request = features.BatchGetVectorsRequest(model_version=self._model_version, keys=keys)
        try:
            with Asking("feature") as metadata:
                answer = self._stub.BatchGetVectors(request, timeout=min(timeout_s, GET_TIMEOUT_S), metadata=metadata)
        except grpc.RpcError as error:
            self._failed(error)
            return {}
        self._breaker.succeeded()
        found = {vector.key: self._decoded(vector.data, answer) for vector in answer.vectors}
        return {key: rounded(vector) for key, vector in found.items() if vector is not None}

    @property
    def well(self) -> bool:
        """Whether the feature service is asked at all."""
        return self._breaker.closed

    def put(self, vectors: Mapping[str, Vector]) -> None:
        """Have vectors stored soon, or never: nothing waits for it, and when too many puts wait this one is dropped.

        The vectors are as the encoder gave them: rounding twice could move the last bit.
        """
        if not vectors or not self._breaker.closed:
            return
        request = features.BatchPutVectorsRequest(
            model_version=self._model_version,
            dtype=vector_pb2.VECTOR_DTYPE_FLOAT16,
            dimension=self._dimension,
            vectors=[features.Vector(key=k, data=encode_vector(v, "float16")) for k, v in vectors.items()],
        )
        try:
            self._puts.put_nowait(request)
        except queue.Full:
            log.debug("put dropped", vectors=len(vectors))

    def close(self) -> None:
        """Send what waits, for at most two seconds, and end the writer."""
        give_up_at = time.monotonic() + _CLOSE_TIMEOUT_S
        with suppress(queue.Full):
            self._puts.put(None, timeout=_CLOSE_TIMEOUT_S)
        self._writer.join(max(0.0, give_up_at - time.monotonic()))

    def _write(self) -> None:
        while (request := self._puts.get()) is not None:
            if not self._breaker.allow():
                continue
            try:
                self._stub.BatchPutVectors(request, timeout=PUT_TIMEOUT_S)
                self._breaker.succeeded()
            except grpc.RpcError as error:
                self._failed(error)

    def _failed(self, error: grpc.RpcError) -> None:
        if self._breaker.failed():
            code = error.code().name if isinstance(error, grpc.Call) else "UNKNOWN"
            log.warning("vector cache left alone", code=code, seconds=OPEN_S)

    def _decoded(self, data: bytes, answer: features.BatchGetVectorsResponse) -> Vector | None:
        """The vector, or None where it cannot be one of this encoder's."""
        dtype = _DTYPES.get(answer.dtype)
        if dtype is None or answer.dimension != self._dimension:
            return None
        try:
            vector = decode_vector(data, dtype, self._dimension)
        except InvalidArgument:
            return None
        return vector if abs(float(np.linalg.norm(vector)) - 1.0) < _NORM_TOLERANCE else None
