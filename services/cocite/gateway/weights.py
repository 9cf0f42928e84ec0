"""How many requests a request counts as: what it costs, in units of one for recommendations by ids.

The figures are rounded: a text takes an encoder 18 ms where recommendations take a recommender 3 to 7
(docs/benchmarks.md); a hundred papers are told in one answer of the usual size. Papers like those of a list are mostly
found already. A mail costs little here, and much where nobody asked for it.
"""

from collections.abc import Callable, Mapping
from math import ceil
from typing import Any

from google.protobuf.message import DecodeError, Message

from cocite.gateway.methods import Method
from cocite.v1 import embedding_service_pb2, feature_service_pb2, feed_service_pb2, recommender_service_pb2

TEXT = 5  # of each text that is embedded
_PAPERS = 100  # that count as one
_EVENTS = 20  # that count as one
_SIMILAR = 4  # papers whose similar ones count as one
_MAIL = 20  # to an address that anybody may name
_LIST_SIZE, _READER_SIZE = 20, 100  # of a page, where a request does not say


def _texts(request: Any) -> int:
    return TEXT * len(request.texts)


def _recommendations(request: Any) -> int:
    return TEXT * (len(request.seeds.texts) + len(request.seeds.negative_texts)) or 1


def _papers(request: Any) -> int:
    return ceil(len(request.paper_ids) / _PAPERS)


def _events(request: Any) -> int:
    return ceil(len(request.events) / _EVENTS)


def _new_papers(request: Any) -> int:
    return ceil((request.page_size or _LIST_SIZE) / _SIMILAR) if request.similar else 1


def _of_reader(request: Any) -> int:
    return ceil((request.page_size or _READER_SIZE) / _PAPERS)


def _mail(_: Any) -> int:
    return _MAIL


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
    feed_service_pb2.RecordEventsRequest: _events,
    feed_service_pb2.ListNewRequest: _new_papers,
    feed_service_pb2.GetReaderRequest: _of_reader,
    feed_service_pb2.SubscribeRequest: _mail,
}


def weight_of(method: Method, request: bytes) -> int:
    """What an encoded request counts as; 1 where nothing else is said."""
    weight = _WEIGHTS.get(method.request, _one)
    try:
        return weight(method.request.FromString(request))
    except DecodeError:  # whoever is asked says what is wrong
        return 1
