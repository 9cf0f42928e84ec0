"""Papers like each of a few: one question a paper, several at a time, all within one share of the caller's time."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from google.protobuf.message import DecodeError

from cocite.cache.answers import SharedAnswers
from cocite.core.errors import CociteError
from cocite.feeds.recommending import AWAY, ModelWatch, Recommending
from cocite.serving.deadline import Deadline
from cocite.v1.degradation_pb2 import Degradation
from cocite.v1.paper_pb2 import Paper
from cocite.v1.recommender_service_pb2 import RecommendPapersResponse

SHARE, AT_MOST_S = 0.6, 3.0  # of what is left of the caller's time
MOST = 10  # papers kept for each; fewer are asked for
TOGETHER = 4
_METHOD = "similar"


@dataclass(frozen=True, slots=True)
class Similar:
    """Papers like each that was asked for, in its order; none where they were not to be had in time."""

    papers: list[list[Paper]]
    degraded: tuple[Degradation, ...] = ()


class SimilarPapers:
    """Asks the recommender, and keeps what it says for as long as its model serves. Thread-safe; never raises."""

    def __init__(self, recommending: Recommending, model: ModelWatch, answers: SharedAnswers) -> None:
        self._recommending = recommending
        self._model = model
        self._answers = answers
        self._pool = ThreadPoolExecutor(TOGETHER, thread_name_prefix="similar")

    def get(self, ids: Sequence[str], size: int, deadline: Deadline) -> Similar:
        """At most size papers, MOST at most, like each of ids."""
        if not size:
            return Similar([[] for _ in ids])
        within = Deadline.after(deadline.share(SHARE, AT_MOST_S))
        found = list(self._pool.map(lambda paper_id: self._of(paper_id, within), ids))
        degraded = (AWAY,) if any(each is None for each in found) else ()
        return Similar([(each or [])[:size] for each in found], degraded)

    def close(self) -> None:
        """Let go of what still waits."""
        self._pool.shutdown(wait=True, cancel_futures=True)

    def _of(self, paper_id: str, within: Deadline) -> list[Paper] | None:
        model = self._model.version
        kept = self._answers.get(model, _METHOD, paper_id.encode()) if model else None
        try:
            if kept is not None:
                return _papers(RecommendPapersResponse.FromString(kept))
            answer = self._recommending.like(paper_id, MOST, within.remaining())
        except (CociteError, DecodeError):
            return None
        if model == answer.model_version and not (answer.degraded or answer.unresolved_seeds):
            self._answers.put(model, _METHOD, paper_id.encode(), answer.SerializeToString())
        return _papers(answer)


def _papers(answer: RecommendPapersResponse) -> list[Paper]:
    """The papers of an answer that goes by the seed."""
    return [] if answer.fallback else [result.paper for result in answer.results]
