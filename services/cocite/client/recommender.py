"""The client of the recommender."""

from collections.abc import Iterator, Sequence

from cocite.client import answers
from cocite.client.connection import Connection
from cocite.client.requests import recommend_request, resolve_requests
from cocite.client.types import Model, Recommendation, Recommendations, Resolution, TextSeed
from cocite.core.errors import CorruptData
from cocite.core.settings import load_settings
from cocite.v1 import recommender_service_pb2 as pb
from cocite.v1.recommender_service_pb2_grpc import RecommenderServiceStub


class Client(Connection):
    """Asks a recommender; thread-safe, and a context manager that closes its connection.

    target is "host:port" or "unix:path", COCITE_RECOMMENDER_TARGET when None. timeout_s bounds each call, retries
    included; every method takes one of its own. What every method raises is a cocite.CociteError: InvalidArgument
    with the field at fault before anything is sent, Unavailable when nothing answers, DeadlineExceeded when time is
    up, NotReady when the client is closed.
    """

    target_setting = "COCITE_RECOMMENDER_TARGET"

    def __init__(self, target: str | None = None, *, timeout_s: float = 5.0) -> None:
        super().__init__(load_settings().recommender_target if target is None else target, timeout_s)
        self._stub = RecommenderServiceStub(self.channel)  # type: ignore[no-untyped-call]  # generated

    def recommend(
        self,
        seeds: str | Sequence[str] = (),
        *,
        negative: str | Sequence[str] = (),
        texts: str | TextSeed | Sequence[str | TextSeed] = (),
        negative_texts: str | TextSeed | Sequence[str | TextSeed] = (),
        library: str | Sequence[str] = (),
        references: str | Sequence[str] = (),
        reference_text: str = "",
        min_year: int | None = None,
        max_year: int | None = None,
        venues: str | Sequence[str] = (),
        fields: str | Sequence[str] = (),
        has_abstract: bool | None = None,
        exclude: str | Sequence[str] = (),
        recency: float = 0.0,
        diversity: float = 0.0,
        page_size: int = 0,
        page_token: str = "",
        view: str = "basic",
        timeout_s: float | None = None,
    ) -> Recommendations:
        """One page of the papers most related to the seeds, best first.

        seeds, negative (papers not to be like), library (papers that a reader keeps), references (what a draft cites)
        and exclude (papers to leave out) are ids in any spelling; reference_text is a reference list as it is pasted,
        or BibTeX. Of a plain text the first line is its title. fields are fields of study. recency (a preference for
        newer papers) and diversity are from 0, none, to 1. A page_size of 0 leaves the size to the server, 20;
        page_token is the next_page_token of the page before. view is "id", "basic" or "full" (with abstract).
        """
        request = recommend_request(
            seeds,
            negative=negative,
            texts=texts,
            negative_texts=negative_texts,
            library=library,
            references=references,
            reference_text=reference_text,
            min_year=min_year,
            max_year=max_year,
            venues=venues,
            fields=fields,
            has_abstract=has_abstract,
            exclude=exclude,
            recency=recency,
            diversity=diversity,
            page_size=page_size,
            page_token=page_token,
            view=view,
        )
        return self._page(request, timeout_s)

    def recommend_all(
        self,
        seeds: str | Sequence[str] = (),
        *,
        negative: str | Sequence[str] = (),
        texts: str | TextSeed | Sequence[str | TextSeed] = (),
        negative_texts: str | TextSeed | Sequence[str | TextSeed] = (),
        library: str | Sequence[str] = (),
        references: str | Sequence[str] = (),
        reference_text: str = "",
        min_year: int | None = None,
        max_year: int | None = None,
        venues: str | Sequence[str] = (),
        fields: str | Sequence[str] = (),
        has_abstract: bool | None = None,
        exclude: str | Sequence[str] = (),
        recency: float = 0.0,
        diversity: float = 0.0,
        page_size: int = 0,
        page_token: str = "",
        view: str = "basic",
        timeout_s: float | None = None,
    ) -> Iterator[Recommendation]:
        """The whole list, at most 1000 papers, fetched page by page as it is consumed; timeout_s bounds each page.

        Arguments as for recommend.
        """
        request = recommend_request(
            seeds,
            negative=negative,
            texts=texts,
            negative_texts=negative_texts,
            library=library,
            references=references,
            reference_text=reference_text,
            min_year=min_year,
            max_year=max_year,
            venues=venues,
            fields=fields,
            has_abstract=has_abstract,
            exclude=exclude,
            recency=recency,
            diversity=diversity,
            page_size=page_size,
            page_token=page_token,
            view=view,
        )
        return self._pages(request, timeout_s)

    def _page(self, request: pb.RecommendPapersRequest, timeout_s: float | None) -> Recommendations:
        return answers.recommendations(self.call(self._stub.RecommendPapers, request, timeout_s))

    def _pages(self, request: pb.RecommendPapersRequest, timeout_s: float | None) -> Iterator[Recommendation]:
        last_rank = 0
        while True:
            page = self._page(request, timeout_s)
            yield from page.results
            if not page.next_page_token:
                return
            if not page.results or page.results[-1].rank <= last_rank:
                raise CorruptData("the pages of the answer do not advance")
            last_rank = page.results[-1].rank
            request.page_token = page.next_page_token

    def resolve(self, ids: str | Sequence[str], *, timeout_s: float | None = None) -> Resolution:
        """What the ids mean, in the order given; unknown and malformed ids are said to be so, not refused.

        A hundred ids are asked at a time; timeout_s bounds each call.
        """
        calls = [self.call(self._stub.ResolvePapers, request, timeout_s) for request in resolve_requests(ids)]
        return answers.resolution(calls)

    def model(self, *, timeout_s: float | None = None) -> Model:
        """The model now serving."""
        return answers.model(self.call(self._stub.GetModel, pb.GetModelRequest(), timeout_s))
