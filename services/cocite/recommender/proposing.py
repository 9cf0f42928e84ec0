"""From a query to proposals: every retriever asked, their lists cut off and fused."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from cocite.recommender.allowed import Allowed
from cocite.recommender.query import Query
from cocite.recommender.ranking.candidates import Candidates
from cocite.recommender.ranking.fusion import LIBRARY_RRF_K, RRF_K, reciprocal_rank_fusion
from cocite.recommender.retrieval.asked import Asked
from cocite.recommender.retrieval.contract import Found, Retriever

MAX_DEPTH = 1000  # results a list can be paged through
# Papers read of what each retriever proposes, where they need not be read to their end: enough for as many results as
# can be paged through, as retrievers seldom agree; docs/decisions/0022-bounded-retrieval.md
_READ = 400

# A retriever's say for a reader's library, where it is not its usual weight: docs/decisions/0015-readers-libraries.md
_LIBRARY_WEIGHTS = {"items": 2.0, "walk": 0.5, "words": 0.25, "cocitation": 0.25, "neighbourhood": 0.25}


@dataclass(frozen=True, slots=True)
class Proposals:
    """rows (k,) and scores (k,) of reciprocal rank fusion, best first; found holds what each retriever has to say, or
    None; lists the rows that it proposed, best first; weights its say.
    """  # fmt: skip

    rows: npt.NDArray[np.int64]
    scores: npt.NDArray[np.float64]
    found: Mapping[str, Found | None]
    lists: Mapping[str, npt.NDArray[np.int64]]
    weights: Mapping[str, float]

    def candidates(self, count: int) -> Candidates:
        """The first count proposals, and what each retriever said of them."""
        return Candidates.of(self.rows[:count], self.found)


class Proposer:
    """Asks retrievers. Thread-safe."""

    def __init__(self, retrievers: Sequence[Retriever]) -> None:
        self._retrievers = tuple(retrievers)

    def propose(self, asked: Asked) -> Proposals:
        """At most length_of(asked.query), filtered before they are cut off; none where no retriever knows any.

        Where lists of depth_of(asked.query) do not hold so many papers, what they go on with follows.
        """
        query, length, depth = asked.query, length_of(asked.query), depth_of(asked.query)
        says = {each.name: _weight(each, query) for each in self._retrievers}
        found = {each.name: each.find(asked) for each in self._retrievers}
        lists = _lists(found, depth, asked.allowed)
        rows, fused = _fused(lists, says, query)
        if rows.size < length and depth < length and any(each.size == depth for each in lists.values()):
            more, further = _fused(_lists(found, length, asked.allowed), says, query)
            rest = ~np.isin(more, rows)
            rows = np.concatenate((rows, more[rest]))
            fused = np.concatenate((fused, np.minimum(further[rest], fused[-1])))
        return Proposals(rows[:length], fused[:length], found, lists, says)


def _lists(found: Mapping[str, Found | None], depth: int, allowed: Allowed) -> dict[str, npt.NDArray[np.int64]]:
    return {name: each.best(depth, allowed) for name, each in found.items() if each is not None}


def _fused(
    lists: Mapping[str, npt.NDArray[np.int64]], says: Mapping[str, float], query: Query
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.float64]]:
    k = LIBRARY_RRF_K if query.library_rows else RRF_K
    return reciprocal_rank_fusion(list(lists.values()), [says[name] for name in lists], k, length_of(query))


def _weight(retriever: Retriever, query: Query) -> float:
    return _LIBRARY_WEIGHTS.get(retriever.name, retriever.weight) if query.library_rows else retriever.weight


def length_of(query: Query) -> int:
    """How long a list can get: MAX_DEPTH, or as many as the query's candidates where it names more."""
    return max(MAX_DEPTH, len(query.candidate_rows or ()))


def depth_of(query: Query) -> int:
    """How far down each retriever's list is read: to its end for a reader's library and for given candidates."""
    length = length_of(query)
    return length if query.library_rows or query.candidate_rows is not None else min(_READ, length)
