"""How many requests a request counts as: what it costs, in units of one for recommendations by ids.

The figures are rounded: a text takes an encoder 18 ms where recommendations take a recommender 3 to 7
(docs/benchmarks.md); a hundred papers are told in one answer of the usual size.
"""

from collections.abc import Callable, Mapping
from math import ceil
from typing import Any

from google.protobuf.message import DecodeError, Message

from cocite.gateway.methods import Method
from cocite.v1 import embedding_service_pb2, feature_service_pb2, recommender_service_pb2

TEXT = 5  # of each text that is embedded
_PAPERS = 100  # that count as one


def _texts(request: Any) -> int:
    return TEXT * len(request.texts)


def _recommendations(request: Any) -> int:
    return TEXT * (len(request.seeds.texts) + len(request.seeds.negative_texts)) or 1


def _papers(request: Any) -> int:
    return ceil(len(request.paper_ids) / _PAPERS)


def _nothing(_: Any) -> int:
    return 0


def _one(_: Any) -> int:
    return 1


_WEIGHTS: Mapping[type[Message], Callable[[Any], int]] = {
    embedding_service_pb2.EmbedTextsRequest: _texts,
    embedding_service_pb2.GetEmbeddingModelRequest: _nothing,  # asked along with each list of texts
    recommender_service_pb2.RecommendPapersRequest: _recommendations,
    feature_service_pb2.BatchGetPapersRequest: _papers,
    feature_service_pb2.BatchGetReferencesRequest: _papers,
}


def weight_of(method: Method, request: bytes) -> int:
    """What an encoded request counts as; 1 where nothing else is said."""
    weight = _WEIGHTS.get(method.request, _one)
    try:
        return weight(method.request.FromString(request))
    except DecodeError:  # whoever is asked says what is wrong
        return 1
