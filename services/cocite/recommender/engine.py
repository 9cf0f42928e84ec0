"""Ranks the papers of one bundle for a query. Pure computation: no ids, no network, no clock."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from cocite.recommender.bundle import Bundle
from cocite.recommender.query import Query, Ranking
from cocite.recommender.ranking.diversity import diversify
from cocite.recommender.ranking.fusion import reciprocal_rank_fusion, top_rows
from cocite.recommender.ranking.recency import prefer_recent
from cocite.recommender.ranking.versions import one_of_each_work
from cocite.recommender.reasons import Reason, SeedEvidence, popularity_reasons, reasons_for
from cocite.recommender.retrieval.als import AlsRetriever
from cocite.recommender.retrieval.contract import Retriever, Scores
from cocite.recommender.retrieval.popularity import PopularityRetriever
from cocite.recommender.retrieval.text import TextRetriever
from cocite.recommender.retrieval.words import WordsRetriever

MAX_DEPTH = 1000  # results a list can be paged through, and candidates taken from each retriever

RETRIEVERS: tuple[type[Retriever], ...] = (AlsRetriever, TextRetriever, WordsRetriever)  # all that are fused


def retrievers_of(bundle: Bundle) -> tuple[Retriever, ...]:
    """One of each of RETRIEVERS."""
    return tuple(retriever(bundle) for retriever in RETRIEVERS)


class Engine:
    """Retrieves, fuses and explains. retrievers defaults to all there are. Thread-safe.

    Its answers never hold a seed, a row twice or two versions of one work, are filtered before they are cut off, have
    finite scores and the same order every time, and are never empty while a row passes: then the most cited papers
    stand in.
    """

    def __init__(self, bundle: Bundle, retrievers: Sequence[Retriever] | None = None) -> None:
        self.bundle = bundle
        self._retrievers = retrievers_of(bundle) if retrievers is None else tuple(retrievers)
        self._last_resort = PopularityRetriever(bundle)

    def rank(self, query: Query, limit: int = MAX_DEPTH) -> Ranking:
        """The at most limit rows most related to the query; a shorter list is a longer one's start.

        No list is longer than MAX_DEPTH, or than the query's candidates where it names more.
        The scores are those of reciprocal rank fusion, citation counts when fallback is set; with a preference for
        newer papers those of prefer_recent.
        """
        barred = self._barred(query)
        depth = max(MAX_DEPTH, len(query.candidate_rows or ()))
        found = [(each.scores(query), each.weight) for each in self._retrievers]
        lists = [(_best(scores, barred, depth), weight) for scores, weight in found if scores is not None]
        rows, scores = reciprocal_rank_fusion([ranked for ranked, _ in lists], [weight for _, weight in lists])
        ranking = Ranking(rows[:depth], scores[:depth])
        if not rows.size:
            counts = self._last_resort.scores(query)
            rows = _best(counts, barred, depth)
            ranking = Ranking(rows, counts[rows].astype(np.float64), fallback=bool(rows.size))
        ranking = self._arranged(ranking, query)
        return Ranking(ranking.rows[:limit], ranking.scores[:limit], ranking.fallback)

    def _arranged(self, ranking: Ranking, query: Query) -> Ranking:
        """The list as the query prefers it. Versions go first, so that diversity is not spent on them."""
        if query.candidate_rows is None:
            ranking = one_of_each_work(ranking, self.bundle.works)
        ranking = prefer_recent(ranking, self.bundle.years, query.recency)
        return diversify(self.bundle, ranking, query.diversity)

    def explain(self, seeds: Sequence[SeedEvidence], ranking: Ranking, start: int, end: int) -> list[list[Reason]]:
        """Reasons for the results start to end of a ranking, one list each, strongest first."""
        rows = ranking.rows[start:end]
        if ranking.fallback:
            return popularity_reasons(self.bundle, rows)
        return reasons_for(self.bundle, seeds, rows)

    def _barred(self, query: Query) -> npt.NDArray[np.bool_]:
        barred = ~query.row_filter.mask(self.bundle)
        if query.candidate_rows is not None:
            others = np.ones_like(barred)
            others[list(query.candidate_rows)] = False
            barred |= others
        named = [*query.positive_rows, *query.negative_rows, *query.library_rows, *query.exclude_rows]
        barred[named] = True
        if named and query.candidate_rows is None:
            barred |= np.isin(self.bundle.works, self.bundle.works[named])
        return barred


def _best(scores: Scores, barred: npt.NDArray[np.bool_], depth: int) -> npt.NDArray[np.int64]:
    scores[barred] = -np.inf
    return top_rows(scores, depth)
