"""Collaborative filtering: what is cited together."""

import numpy as np
import numpy.typing as npt

from cocite.recommender.bundle import Bundle
from cocite.recommender.query import Query
from cocite.recommender.retrieval.contract import Scores
from cocite.recommender.retrieval.fold_in import FoldIn
from cocite.recommender.retrieval.weighting import bm25_weights

_LEAST_ALS_SCORE = 1e-6  # below it, nothing but rounding ties paper and profile


class AlsRetriever:
    """Papers likely to be cited together with what the seeds cite (Hu, Koren, Volinsky 2008).

    A seed's profile is its references and itself; a library's is the papers in it. Profiles add up as if one
    paper cited them all, an item counted once a seed; negative seeds count the other way, and items that come out
    negative are disliked with the confidence they would have been liked with. A paper in the profile is scored by
    the rest of the profile: that the seed cites it does not speak for it, else a seed's own reference list would be
    the answer.
    """

    name = "als"
    weight = 1.0

    def __init__(self, bundle: Bundle) -> None:
        self._bundle = bundle
        self._als = bundle.manifest.als
        self._fold_in = FoldIn(bundle.item_factors, bundle.gram, bundle.gram_inverse, self._als.alpha)

    def profile(self, query: Query) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.float64]]:
        """Items (k,) and their signed BM25 weights (k,)."""
        liked = [
            *(self.items_of(row) for row in query.positive_rows),
            np.unique((*query.reference_rows, *query.library_rows)).astype(np.int64),
        ]
        disliked = [self.items_of(row) for row in query.negative_rows]
        signs = np.repeat((1.0, -1.0), (sum(map(len, liked)), sum(map(len, disliked))))
        every = np.concatenate((*liked, *disliked)).astype(np.int64)
        items, places = np.unique(every, return_inverse=True)
        values = np.bincount(places, weights=signs, minlength=items.size)
        weights = self._weights(items, np.maximum(values, 0.0)) - self._weights(items, np.maximum(-values, 0.0))
        telling = weights != 0.0
        return items[telling], weights[telling]

    def scores(self, query: Query) -> Scores | None:
        """See Retriever. Papers nobody cites have no factors and are left to the others."""
        if not (query.positive_rows or query.reference_rows or query.library_rows):
            return None
        items, weights = self.profile(query)
        folded = self._fold_in.fold_in(items, weights)
        scores: Scores = self._bundle.item_factors @ folded.vector
        scores[items] = folded.held_out
        scores[scores < _LEAST_ALS_SCORE] = -np.inf
        return scores

    def parts(self, query: Query, rows: npt.NDArray[np.int64]) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.float64]]:
        """Items of the profile (k,), and what each adds to the score of each of rows (r,), float64 (r, k).

        That a paper is in the profile adds nothing to its own score.
        """
        items, weights = self.profile(query)
        parts = self._fold_in.parts(items, weights, rows)
        parts[rows[:, None] == items] = 0.0
        return items, parts

    def items_of(self, row: int) -> npt.NDArray[np.int64]:
        """What a seed's profile holds, rows (k,): its references and itself."""
        return np.union1d(self._bundle.references.of(row), [row])

    def _weights(self, items: npt.NDArray[np.int64], values: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        weights = bm25_weights(
            values,
            float(values.sum()),
            self._bundle.item_idf[items],
            k1=self._als.k1,
            b=self._als.b,
            average_length=self._als.average_length,
        )
        return np.maximum(weights, 0.0)  # a paper that nearly all cite has an idf below 0: it tells nothing
