"""From a query to proposals: every retriever asked, their lists cut off and fused."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from cocite.recommender.bundle import Bundle
from cocite.recommender.query import Query
from cocite.recommender.ranking.candidates import Candidates
from cocite.recommender.ranking.fusion import LIBRARY_RRF_K, RRF_K, reciprocal_rank_fusion, top_rows
from cocite.recommender.retrieval.contract import Retriever, Scores

MAX_DEPTH = 1000  # results a list can be paged through, and candidates taken from each retriever

# A retriever's say for a reader's library, where it is not its usual weight: docs/decisions/0015-readers-libraries.md
_LIBRARY_WEIGHTS = {"items": 2.0, "walk": 0.5, "words": 0.25, "cocitation": 0.25, "neighbourhood": 0.25}


@dataclass(frozen=True, slots=True)
class Proposals:
    """rows (k,) and scores (k,) of reciprocal rank fusion, best first; found holds what each retriever said of every
    paper, float32 (n,), -inf for rows that are barred and where it has nothing to say, or None; weights its say.
    """  # fmt: skip

    rows: npt.NDArray[np.int64]
    scores: npt.NDArray[np.float64]
    found: Mapping[str, Scores | None]
    weights: Mapping[str, float]

    def candidates(self, count: int) -> Candidates:
        """The first count proposals, and what each retriever said of them."""
        return Candidates.of(self.rows[:count], self.found)


class Proposer:
    """Asks retrievers for the papers of one bundle. Thread-safe."""

    def __init__(self, bundle: Bundle, retrievers: Sequence[Retriever]) -> None:
        self._bundle = bundle
        self._retrievers = tuple(retrievers)

    def propose(self, query: Query) -> Proposals:
        """At most depth_of(query) proposals, filtered before they are cut off; none where no retriever knows any."""
        barred, depth = barred_rows(self._bundle, query), depth_of(query)
        says = {each.name: _weight(each, query) for each in self._retrievers}
        found: dict[str, Scores | None] = {}
        lists, weights = [], []
        for retriever in self._retrievers:
            scores = found[retriever.name] = retriever.scores(query)
            if scores is not None:
                np.copyto(scores, np.float32(-np.inf), where=barred)
                lists.append(top_rows(scores, depth))
                weights.append(says[retriever.name])
        k = LIBRARY_RRF_K if query.library_rows else RRF_K
        rows, fused = reciprocal_rank_fusion(lists, weights, k, depth)
        return Proposals(rows, fused, found, says)


def _weight(retriever: Retriever, query: Query) -> float:
    return _LIBRARY_WEIGHTS.get(retriever.name, retriever.weight) if query.library_rows else retriever.weight


def depth_of(query: Query) -> int:
    """How long a list can get: MAX_DEPTH, or as many as the query's candidates where it names more."""
    return max(MAX_DEPTH, len(query.candidate_rows or ()))


def barred_rows(bundle: Bundle, query: Query) -> npt.NDArray[np.bool_]:
    """True for the rows (n,) that may not be in an answer; other versions of what the query names are among them."""
    barred = ~query.row_filter.mask(bundle)
    if query.candidate_rows is not None:
        others = np.ones_like(barred)
        others[list(query.candidate_rows)] = False
        barred |= others
    named = np.concatenate(
        [
            np.asarray(rows, dtype=np.int64)
            for rows in (query.positive_rows, query.negative_rows, query.library_rows, query.exclude_rows)
        ]
    )
    barred[named] = True
    if query.candidate_rows is None:
        taken = np.zeros_like(barred)
        taken[bundle.works[named]] = True
        barred |= taken[bundle.works]
    return barred
