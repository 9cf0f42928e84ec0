"""Asking servers for one answer after another, outside of what is measured."""

from collections.abc import Callable, Mapping, Sequence

import grpc
import numpy as np
import numpy.typing as npt

from cocite.core.errors import Unavailable
from cocite.core.paper import content_hash
from cocite.core.vectors import encode_vector
from cocite.load.requests import Call
from cocite.v1 import feature_service_pb2 as features
from cocite.v1 import vector_pb2
from cocite.v1.feature_service_pb2_grpc import FeatureServiceStub
from cocite.v1.recommender_service_pb2 import RecommendPapersResponse

_TIMEOUT_S = 60.0
_TOGETHER = 250  # vectors put at once


def ask_all(port: int, calls: Sequence[Call]) -> list[bytes]:
    """The answers of a recommender, each whole. Raises Unavailable for one that is not, or is none."""
    with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
        return [_asked(channel, call) for call in calls]


def _asked(channel: grpc.Channel, call: Call) -> bytes:
    try:
        ask: Callable[..., bytes] = channel.unary_unary(call.path)
        body = ask(call.message, timeout=_TIMEOUT_S)
    except grpc.RpcError as error:
        told = f"{error.code().name}: {error.details()}" if isinstance(error, grpc.Call) else str(error)
        raise Unavailable(f"{call.path} is not answered, {told}") from None
    answer = RecommendPapersResponse.FromString(body)
    if answer.degraded or answer.fallback or not answer.results:
        told = ", ".join(each.detail for each in answer.degraded) or f"{len(answer.results)} results"
        raise Unavailable(f"an answer that was to be measured is not whole: {told}")
    return body


def keep_vectors(port: int, version: str, vectors: Mapping[str, npt.NDArray[np.floating]]) -> None:
    """Have the feature service at a port keep vectors (d,) of texts, as made by the encoder of that version."""
    texts = list(vectors)
    with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
        stub = FeatureServiceStub(channel)  # type: ignore[no-untyped-call]  # generated
        for start in range(0, len(texts), _TOGETHER):
            some = texts[start : start + _TOGETHER]
            request = features.BatchPutVectorsRequest(
                model_version=version,
                dtype=vector_pb2.VECTOR_DTYPE_FLOAT16,
                dimension=len(vectors[some[0]]),
                vectors=[
                    features.Vector(key=content_hash(text), data=encode_vector(vectors[text], "float16"))
                    for text in some
                ],
            )
            try:
                stub.BatchPutVectors(request, timeout=_TIMEOUT_S)
            except grpc.RpcError as error:
                raise Unavailable(f"the feature service keeps no vectors: {error}") from None
