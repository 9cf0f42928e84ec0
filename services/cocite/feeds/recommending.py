"""The recommender as the feed service sees it: a deadline on every call, and left alone while it is away."""

from collections.abc import Callable
from dataclasses import dataclass

import grpc

from cocite.serving.guarded_calls import GuardedCalls
from cocite.v1 import degradation_pb2, paper_pb2
from cocite.v1.degradation_pb2 import Degradation
from cocite.v1.recommender_service_pb2 import (
    GetModelRequest,
    GetModelResponse,
    PaperFilter,
    RecommendPapersRequest,
    RecommendPapersResponse,
    Seeds,
)
from cocite.v1.recommender_service_pb2_grpc import RecommenderServiceStub

MODEL_S = 1.0  # that the question which model serves may take

AWAY = Degradation(
    cause=degradation_pb2.DEGRADED_CAUSE_RECOMMENDER_UNAVAILABLE,
    detail="the recommender does not answer; this is an older answer, or one that is not personal",
)


@dataclass(frozen=True, slots=True)
class Taste:
    """What the recommender is told of a reader: ids of papers, as many as RecommendPapers takes of each."""

    liked: tuple[str, ...]
    disliked: tuple[str, ...] = ()
    left_out: tuple[str, ...] = ()


class Recommending:
    """Asks the recommender. Thread-safe. Every method raises a CociteError when it does not answer in time."""

    def __init__(self, channel: grpc.Channel) -> None:
        stub = RecommenderServiceStub(channel)  # type: ignore[no-untyped-call]  # generated
        self._recommend = stub.RecommendPapers
        self._get_model = stub.GetModel
        self._guard = GuardedCalls("recommender")
        self._background = GuardedCalls("recommender")  # what fails in the background must not shut calls out

    @property
    def well(self) -> bool:
        """Whether the recommender is asked at all."""
        return self._guard.well

    def papers(
        self, taste: Taste, size: int, timeout_s: float, *, since: int | None = None, diversity: float = 0.0
    ) -> RecommendPapersResponse:
        """Ids of at most size papers for a taste, best first, with reasons; only papers of the year since or later."""
        request = RecommendPapersRequest(
            seeds=Seeds(library_ids=taste.liked, negative_ids=taste.disliked),
            filter=None if since is None else PaperFilter(min_year=since),
            exclude_ids=taste.left_out,
            page_size=size,
            view=paper_pb2.PAPER_VIEW_ID,
            diversity=diversity,
        )
        return self._ask(request, timeout_s)

    def like(self, paper_id: str, size: int, timeout_s: float) -> RecommendPapersResponse:
        """The papers most like one paper, basic view."""
        return self._ask(RecommendPapersRequest(seeds=Seeds(positive_ids=[paper_id]), page_size=size), timeout_s)

    def model(self) -> str:
        """Version of the model that serves."""
        return self.model_and_time()[0]

    def model_and_time(self) -> tuple[str, int]:
        """The same, and when it was trained, in milliseconds since 1970."""
        response: GetModelResponse = self._background.call(self._get_model, GetModelRequest(), MODEL_S)
        return response.model_version, response.create_time.ToMilliseconds()

    def _ask(self, request: RecommendPapersRequest, timeout_s: float) -> RecommendPapersResponse:
        response: RecommendPapersResponse = self._guard.call(self._recommend, request, timeout_s)
        return response


class ModelWatch:
    """Which model serves, as far as is known: "" before the recommender has ever answered. serve hears of it."""

    def __init__(self, recommending: Recommending, serve: Callable[[str], None]) -> None:
        self._recommending = recommending
        self._serve = serve
        self.version = ""

    def look(self) -> None:
        """Ask; to be called now and then. Raises a CociteError when nobody can say."""
        self.version = self._recommending.model()
        self._serve(self.version)
