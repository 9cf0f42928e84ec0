"""The embedding and the feature service as the recommender sees them: a deadline on every call, a breaker before each.

A failure is part of the answer, not an exception: whoever asks gets what there is, and a Degradation. What went
wrong in particular is for the log: it may hold addresses and other matters of the house.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

import grpc
import numpy as np
import numpy.typing as npt
import structlog

from cocite.core.errors import CociteError, DeadlineExceeded, Unavailable
from cocite.core.vectors import decode_vector
from cocite.serving.breaker import Breaker
from cocite.serving.deadline import Deadline
from cocite.serving.status import from_rpc_error
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

log = structlog.get_logger("cocite.recommender.clients")

EMBEDDING_SHARE, EMBEDDING_AT_MOST_S = 0.6, 5.0  # of what is left of the caller's time
FEATURES_SHARE, FEATURES_AT_MOST_S = 0.3, 1.0
_MAX_FAILURES, _OPEN_S = 3, 2.0
_FAIR_TIMEOUT_S = 0.25  # a service that misses a shorter one may be well, unless it has long answered nobody
_SILENCE_S = 1.0
_MOST_IDS = 300  # in one call: a page's worth, well within the largest message
_ALIVE = (grpc.StatusCode.RESOURCE_EXHAUSTED, grpc.StatusCode.INVALID_ARGUMENT, grpc.StatusCode.FAILED_PRECONDITION)

RequestT = TypeVar("RequestT")
ResponseT = TypeVar("ResponseT")


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


class _Guarded:
    """Calls that a dead service costs nothing: after a few failures it is left alone for a moment.

    clock returns seconds on a monotonic clock.
    """

    def __init__(self, name: str, clock: Callable[[], float] = time.monotonic) -> None:
        self._name = name
        self._clock = clock
        self._breaker = Breaker(_MAX_FAILURES, _OPEN_S, clock)
        self._late_since: float | None = None  # first late answer since the last answer at all

    def call(self, method: Callable[..., ResponseT], request: object, timeout_s: float) -> ResponseT:
        """The answer. Raises DeadlineExceeded when it is late, another CociteError when it fails."""
        if timeout_s <= 0.0:
            raise DeadlineExceeded(f"no time was left to ask the {self._name} service")
        if not self._breaker.allow():
            raise Unavailable(f"the {self._name} service failed repeatedly and is left alone for a moment")
        try:
            response = method(request, timeout=timeout_s)
        except grpc.RpcError as error:
            code = error.code() if isinstance(error, grpc.Call) else grpc.StatusCode.UNKNOWN
            translated = from_rpc_error(error)
            if code in _ALIVE:
                self._answered()
            elif code != grpc.StatusCode.DEADLINE_EXCEEDED or self._is_too_late(timeout_s):
                self._breaker.failed()
                log.warning("call failed", service=self._name, code=code.name, detail=translated.message)
            raise translated from error
        self._answered()
        return response

    def _answered(self) -> None:
        self._late_since = None
        self._breaker.succeeded()

    def _is_too_late(self, timeout_s: float) -> bool:
        """Whether the caller gave it a fair time, or nobody has had an answer for so long that none may be coming."""
        now = self._clock()
        since = self._late_since
        if since is None:
            self._late_since = since = now
        return timeout_s >= _FAIR_TIMEOUT_S or now - since >= _SILENCE_S


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
        self._guard = _Guarded("feature")

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
        self._guard = _Guarded("embedding")

    def embed(self, texts: Sequence[str], deadline: Deadline) -> tuple[str, npt.NDArray[np.float32]]:
        """Version of the model and the vectors float32 (t, d) of texts, at most 256.

        Raises DeadlineExceeded when they do not come in time, another CociteError when they do not come at all.
        """
        request = EmbedTextsRequest(texts=texts, dtype=vector_pb2.VECTOR_DTYPE_FLOAT32)
        timeout_s = deadline.share(EMBEDDING_SHARE, EMBEDDING_AT_MOST_S)
        response: EmbedTextsResponse = self._guard.call(self._embed, request, timeout_s)
        if len(response.embeddings) != len(texts) or response.dtype != vector_pb2.VECTOR_DTYPE_FLOAT32:
            raise Unavailable("the embedding service answered something else than was asked")
        vectors = [decode_vector(each.vector, "float32", response.dimension) for each in response.embeddings]
        return response.model_version, np.stack(vectors)
