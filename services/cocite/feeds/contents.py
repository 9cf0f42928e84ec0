"""What papers are about, by id: from the feature service, failing that from the catalogue."""

from collections.abc import Iterable
from dataclasses import dataclass

import grpc

from cocite.catalogue.store import Catalogue
from cocite.core.errors import CociteError
from cocite.serving.deadline import Deadline
from cocite.serving.guarded_calls import GuardedCalls
from cocite.serving.papers import paper_to_proto
from cocite.v1 import degradation_pb2, paper_pb2
from cocite.v1.degradation_pb2 import Degradation
from cocite.v1.feature_service_pb2 import BatchGetPapersRequest, BatchGetPapersResponse
from cocite.v1.feature_service_pb2_grpc import FeatureServiceStub

SHARE, AT_MOST_S = 0.5, 1.0  # of what is left of the caller's time
_UNTOLD = Degradation(
    cause=degradation_pb2.DEGRADED_CAUSE_CATALOGUE_UNAVAILABLE,
    detail="the feature service and the catalogue failed; papers have their ids only",
)


@dataclass(frozen=True, slots=True)
class Contents:
    """Papers by the id they were asked by; those nobody knows have their ids only."""

    papers: dict[str, paper_pb2.Paper]
    degraded: tuple[Degradation, ...] = ()

    def of(self, paper_id: str) -> paper_pb2.Paper:
        """The paper, under the id that it was asked by."""
        paper = paper_pb2.Paper()
        if found := self.papers.get(paper_id):
            paper.CopyFrom(found)
        paper.paper_id = paper_id
        return paper


class PaperContents:
    """Looks papers up. Thread-safe; never raises for a store's sake."""

    def __init__(self, channel: grpc.Channel, catalogue: Catalogue) -> None:
        self._get_papers = FeatureServiceStub(channel).BatchGetPapers  # type: ignore[no-untyped-call]  # generated
        self._guard = GuardedCalls("feature")
        self._catalogue = catalogue

    def get(self, ids: Iterable[str], view: paper_pb2.PaperView, deadline: Deadline) -> Contents:
        """The papers of canonical ids, at most 1000."""
        wanted = list(dict.fromkeys(ids))
        if view == paper_pb2.PAPER_VIEW_ID or not wanted:
            return Contents({})
        try:
            request = BatchGetPapersRequest(paper_ids=wanted, view=view)
            found: BatchGetPapersResponse = self._guard.call(
                self._get_papers, request, deadline.share(SHARE, AT_MOST_S)
            )
        except CociteError:
            return self._from_catalogue(wanted, view)
        return Contents({each.requested_id: each.paper for each in found.papers}, tuple(found.degraded))

    def _from_catalogue(self, ids: list[str], view: paper_pb2.PaperView) -> Contents:
        try:
            papers = self._catalogue.get_papers(ids)
        except CociteError:
            return Contents({}, (_UNTOLD,))
        return Contents({name: paper_to_proto(paper, view) for name, paper in papers.items()})
