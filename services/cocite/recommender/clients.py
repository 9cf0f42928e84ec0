"""The embedding and the feature service as the recommender sees them: a deadline on every call, a breaker before each.

A failure is part of the answer, not an exception: whoever asks gets what there is, and a Degradation. What went
wrong in particular is for the log: it may hold addresses and other matters of the house.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

import grpc
import numpy as np
import numpy.typing as npt

from cocite.core.errors import CociteError, Unavailable
from cocite.core.vectors import check_direction, decode_vectors
from cocite.serving.deadline import Deadline
from cocite.serving.guarded_calls import GuardedCalls
from cocite.v1 import degradation_pb2, paper_pb2, vector_pb2
from cocite.v1.degradation_pb2 import Degradation
from cocite.v1.embedding_service_pb2 import EmbedTextsRequest, EmbedTextsResponse
from cocite.v1.embedding_service_pb2_grpc import EmbeddingServiceStub
from cocite.v1.feature_service_pb2 import (
    BatchGetPapersRequest,
    BatchGetPapersResponse,
    BatchGetReferencesRequest,
    BatchGetReferencesResponse,
    ListNewPapersRequest,
    ListNewPapersResponse,
)
from cocite.v1.feature_service_pb2_grpc import FeatureServiceStub

EMBEDDING_SHARE, EMBEDDING_AT_MOST_S = 0.6, 5.0  # of what is left of the caller's time
FEATURES_SHARE, FEATURES_AT_MOST_S = 0.3, 1.0
_MOST_IDS = 300  # in one call: a page's worth, well within the largest message

DETAILS: dict[degradation_pb2.DegradedCause, str] = {
    degradation_pb2.DEGRADED_CAUSE_EMBEDDING_UNAVAILABLE: (
        "the embedding service failed; texts count by their words alone"
    ),
    degradation_pb2.DEGRADED_CAUSE_EMBEDDING_SLOW: (
        "the embedding service did not answer in time; texts count by their words alone"
    ),
    degradation_pb2.DEGRADED_CAUSE_EMBEDDING_MISMATCH: (
        "the model was trained with another embedding model; texts count by their words alone"
    ),
    degradation_pb2.DEGRADED_CAUSE_FEATURES_UNAVAILABLE: (
        "the feature service failed; papers are shown as the model has them"
    ),
}


def degradation(cause: degradation_pb2.DegradedCause) -> Degradation:
    """One shortcoming of an answer, in the one sentence there is for each cause in DETAILS."""
    return Degradation(cause=cause, detail=DETAILS[cause])


@dataclass(frozen=True, slots=True)
class Lookup:
    """Papers by the id they were asked by. complete is False when a missing id may yet be known."""

    papers: dict[str, paper_pb2.Paper] = field(default_factory=dict)
    degraded: tuple[Degradation, ...] = ()
    complete: bool = True

    def joined(self, other: "Lookup") -> "Lookup":
        """Both as one."""
        return Lookup(self.papers | other.papers, (*self.degraded, *other.degraded), self.complete and other.complete)


_FAILED = Lookup(degraded=(degradation(degradation_pb2.DEGRADED_CAUSE_FEATURES_UNAVAILABLE),), complete=False)


class FeatureClient:
    """Papers from the feature service."""

    def __init__(self, channel: grpc.Channel) -> None:
        stub = FeatureServiceStub(channel)  # type: ignore[no-untyped-call]  # generated
        self._get_papers = stub.BatchGetPapers
        self._get_references = stub.BatchGetReferences
        self._list_new = stub.ListNewPapers
        self._guard = GuardedCalls("feature")

    @property
    def well(self) -> bool:
        """Whether the service is asked at all."""
        return self._guard.well

    def papers(self, ids: Sequence[str], view: paper_pb2.PaperView, deadline: Deadline) -> Lookup:
        """The papers of canonical ids, in one call when they fit. Never raises for the service's sake.

        However many calls it takes, all of them have one share of the time that is left.
        """
        within = Deadline.after(deadline.share(FEATURES_SHARE, FEATURES_AT_MOST_S))
        lookup = Lookup()
        for start in range(0, len(ids), _MOST_IDS):
            found = self._look_up(ids[start : start + _MOST_IDS], view, within)
            lookup = lookup.joined(found)
            if found is _FAILED:
                break
        return lookup

    def references(self, ids: Sequence[str], deadline: Deadline) -> tuple[dict[str, tuple[str, ...]], Lookup]:
        """What the papers with canonical ids, at most 200, cite, and an empty lookup that says how asking went."""
        if not ids:
            return {}, Lookup()
        request = BatchGetReferencesRequest(paper_ids=ids)
        timeout_s = deadline.share(FEATURES_SHARE, FEATURES_AT_MOST_S)
        try:
            response: BatchGetReferencesResponse = self._guard.call(self._get_references, request, timeout_s)
        except CociteError:
            return {}, _FAILED
        return {found.requested_id: tuple(found.reference_ids) for found in response.references}, Lookup()

    def new_papers(self, after: int, timeout_s: float) -> ListNewPapersResponse:
        """The next page of papers that came or changed. Raises a CociteError when the service fails or is late."""
        response: ListNewPapersResponse = self._guard.call(self._list_new, ListNewPapersRequest(after=after), timeout_s)
        return response

    def _look_up(self, ids: Sequence[str], view: paper_pb2.PaperView, within: Deadline) -> Lookup:
        request = BatchGetPapersRequest(paper_ids=ids, view=view)
        try:
            response: BatchGetPapersResponse = self._guard.call(self._get_papers, request, within.remaining())
        except CociteError:
            return _FAILED
        lost = (
            degradation_pb2.DEGRADED_CAUSE_CATALOGUE_UNAVAILABLE,
            degradation_pb2.DEGRADED_CAUSE_FEATURES_UNAVAILABLE,
        )
        return Lookup(
            papers={found.requested_id: found.paper for found in response.papers},
            degraded=tuple(response.degraded),
            complete=not any(shortcoming.cause in lost for shortcoming in response.degraded),
        )


class EmbeddingClient:
    """Vectors from the embedding service."""

    def __init__(self, channel: grpc.Channel) -> None:
        stub = EmbeddingServiceStub(channel)  # type: ignore[no-untyped-call]  # generated
        self._embed = stub.EmbedTexts
        self._guard = GuardedCalls("embedding")

    @property
    def well(self) -> bool:
        """Whether the service is asked at all."""
        return self._guard.well

    def embed(self, texts: Sequence[str], deadline: Deadline) -> tuple[str, npt.NDArray[np.float32]]:
        """Version of the model and the vectors float32 (t, d) of texts, at most 256.

        Raises DeadlineExceeded when they do not come in time, another CociteError when they do not come at all.
        """
        request = EmbedTextsRequest(texts=texts, dtype=vector_pb2.VECTOR_DTYPE_FLOAT32)
        timeout_s = deadline.share(EMBEDDING_SHARE, EMBEDDING_AT_MOST_S)
        response: EmbedTextsResponse = self._guard.call(self._embed, request, timeout_s)
        if len(response.embeddings) != len(texts) or response.dtype != vector_pb2.VECTOR_DTYPE_FLOAT32:
            raise Unavailable("the embedding service answered something else than was asked")
        data = [each.vector for each in response.embeddings]
        vectors = decode_vectors(data, "float32", response.dimension, field=_unnamed)
        check_direction(vectors, _unnamed)
        return response.model_version, vectors.astype(np.float32)


def _unnamed(_: int) -> str:
    """Place of a vector that no caller of ours sent."""
    return ""
