"""Ranks the papers of one bundle for a query. Pure computation: no ids, no network, no clock."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from cocite.recommender.bundle import Bundle
from cocite.recommender.contributions import Contributions
from cocite.recommender.evidence import Reasons, SeedEvidence
from cocite.recommender.proposing import MAX_DEPTH, Proposer, length_of
from cocite.recommender.query import Query, Ranking
from cocite.recommender.ranking.diversity import diversify
from cocite.recommender.ranking.features import FeatureExtractor
from cocite.recommender.ranking.newcomers import with_newcomers_seated
from cocite.recommender.ranking.recency import prefer_recent
from cocite.recommender.ranking.reranking import Reranker
from cocite.recommender.ranking.versions import one_of_each_work
from cocite.recommender.reasons import popularity_reasons, reasons_for
from cocite.recommender.retrieval.als import AlsRetriever
from cocite.recommender.retrieval.asked import Asked
from cocite.recommender.retrieval.contract import Retriever
from cocite.recommender.retrieval.popularity import PopularityRetriever
from cocite.recommender.retrieval.profile import Lists
from cocite.recommender.retrieval.registry import retrievers_of


class Engine:
    """Retrieves, ranks and explains. Thread-safe.

    By default all retrievers are asked and the bundle's learned ranker orders what they propose; retrievers that are
    given are fused by their ranks alone. Answers never hold a seed, a row twice or two versions of one work, are
    filtered before they are cut off, have finite scores and the same order every time, and are never empty while a
    row passes: then the most cited papers stand in.
    """

    def __init__(self, bundle: Bundle, retrievers: Sequence[Retriever] | None = None) -> None:
        self.bundle = bundle
        als = AlsRetriever(bundle)
        self._reranker: Reranker | None = None
        if retrievers is None:
            lists = Lists.of(bundle)
            retrievers = retrievers_of(bundle, lists, als)
            self._reranker = Reranker(bundle, FeatureExtractor(bundle, lists))
        self._proposer = Proposer(retrievers)
        self._last_resort = PopularityRetriever(bundle)
        self._contributions = Contributions(bundle, als)

    def rank(self, asked: Query | Asked, limit: int = MAX_DEPTH) -> Ranking:
        """The at most limit rows most related to the query; a shorter list is a longer one's start.

        No list is longer than MAX_DEPTH, or than the query's candidates where it names more. The scores are those of
        the ranker, of reciprocal rank fusion where there is none, citation counts when fallback is set; with a
        preference for newer papers those of prefer_recent.
        """
        asked = self._asked(asked)
        proposals = self._proposer.propose(asked)
        if not proposals.rows.size:
            ranking = self._popular(asked)
        elif self._reranker is None:
            ranking = Ranking(proposals.rows, proposals.scores)
        else:
            ranking = self._reranker.rank(asked, proposals)
        if proposals.rows.size:
            ranking = with_newcomers_seated(ranking, proposals, self.bundle.trained_count)
        ranking = self._arranged(ranking, asked.query)
        return Ranking(ranking.rows[:limit], ranking.scores[:limit], ranking.fallback)

    def _popular(self, asked: Asked) -> Ranking:
        popular = self._last_resort.find(asked)
        rows = popular.best(length_of(asked.query), asked.allowed)
        return Ranking(rows, popular.of(rows).astype(np.float64), fallback=bool(rows.size))

    def _arranged(self, ranking: Ranking, query: Query) -> Ranking:
        """The list as the query prefers it. Versions go first, so that diversity is not spent on them."""
        if query.candidate_rows is None:
            ranking = one_of_each_work(ranking, self.bundle.works)
        ranking = prefer_recent(ranking, self.bundle.years, query.recency)
        return diversify(self.bundle, ranking, query.diversity)

    def explain(self, seeds: Sequence[SeedEvidence], ranking: Ranking, start: int, end: int) -> Reasons:
        """Reasons for the results start to end of a ranking."""
        rows = ranking.rows[start:end]
        if ranking.fallback:
            return popularity_reasons(self.bundle, rows)
        return reasons_for(self.bundle, seeds, rows)

    def contributions(
        self, asked: Query | Asked, seeds: Sequence[SeedEvidence], ranking: Ranking, start: int, end: int
    ) -> npt.NDArray[np.float64]:
        """Contributions.shares for the results start to end of a ranking."""
        return self._contributions.shares(self._asked(asked), seeds, ranking.rows[start:end])

    def _asked(self, asked: Query | Asked) -> Asked:
        """One Asked serves all calls for a query: what one of them works out, the others need not."""
        return asked if isinstance(asked, Asked) else Asked(asked, self.bundle)
