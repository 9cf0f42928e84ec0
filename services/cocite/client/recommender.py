"""The client of the recommender."""

from collections.abc import Iterator, Sequence
from typing import Unpack

from cocite.client import answers
from cocite.client.connection import Connection
from cocite.client.requests import RecommendOptions, recommend_request, strings
from cocite.client.types import Model, Recommendation, Recommendations, Resolution
from cocite.core.errors import CorruptData
from cocite.core.settings import load_settings
from cocite.serving.interceptor import validate
from cocite.v1 import recommender_service_pb2 as pb
from cocite.v1.recommender_service_pb2_grpc import RecommenderServiceStub


class Client(Connection):
    """Asks a recommender; thread-safe, and a context manager that closes its connection.

    target is "host:port" or "unix:path", COCITE_RECOMMENDER_TARGET when None. timeout_s bounds each call, retries
    included. Every method raises the errors of cocite.core.errors: InvalidArgument with the field at fault before
    anything is sent, Unavailable when nothing answers, DeadlineExceeded when time is up.
    """

    def __init__(self, target: str | None = None, *, timeout_s: float = 5.0) -> None:
        super().__init__(load_settings().recommender_target if target is None else target, timeout_s)
        self._stub = RecommenderServiceStub(self.channel)  # type: ignore[no-untyped-call]  # generated

    def recommend(self, seeds: str | Sequence[str] = (), **options: Unpack[RecommendOptions]) -> Recommendations:
        """One page of the papers most related to the seeds, best first.

        seeds are ids in any spelling; options are negative, texts, min_year, max_year, venues, has_abstract, exclude,
        page_size, page_token and view.
        """
        return self._page(recommend_request(seeds, **options))

    def recommend_all(
        self, seeds: str | Sequence[str] = (), **options: Unpack[RecommendOptions]
    ) -> Iterator[Recommendation]:
        """The whole list, fetched page by page as it is consumed. Arguments as for recommend."""
        return self._pages(recommend_request(seeds, **options))

    def _page(self, request: pb.RecommendPapersRequest) -> Recommendations:
        return answers.recommendations(self.call(self._stub.RecommendPapers, request))

    def _pages(self, request: pb.RecommendPapersRequest) -> Iterator[Recommendation]:
        last_rank = 0
        while True:
            page = self._page(request)
            yield from page.results
            if not page.next_page_token:
                return
            if not page.results or page.results[-1].rank <= last_rank:
                raise CorruptData("the pages of the answer do not advance")
            last_rank = page.results[-1].rank
            request.page_token = page.next_page_token

    def resolve(self, ids: str | Sequence[str]) -> Resolution:
        """What the ids mean, in the order given; unknown and malformed ids are said to be so, not refused."""
        request = pb.ResolvePapersRequest(queries=strings(ids, "queries"))
        validate(request)
        return answers.resolution(self.call(self._stub.ResolvePapers, request))

    def model(self) -> Model:
        """The model now serving."""
        return answers.model(self.call(self._stub.GetModel, pb.GetModelRequest()))
