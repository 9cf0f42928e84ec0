"""Retrievers: each scores every paper of the bundle for a query in its own way."""

from typing import Protocol

import numpy as np
import numpy.typing as npt

from cocite.recommender.bundle import Bundle
from cocite.recommender.fold_in import FoldIn
from cocite.recommender.query import Query
from cocite.recommender.weighting import bm25_weights

Scores = npt.NDArray[np.float32]
NEGATIVE_SHARE = 0.25  # of the mean of negative texts; Rocchio's usual ratio of negative to positive feedback
_LEAST_ALS_SCORE = 1e-6  # below it, nothing but rounding ties paper and profile
_RESIDENT_NUMBERS = 64 * 1024 * 1024  # text vectors up to this many numbers are kept as float32: 256 MB
_BLOCK_ROWS = 8192


class Retriever(Protocol):
    """Scores papers. Thread-safe and deterministic. weight is its say in the fusion of several."""

    name: str
    weight: float

    def scores(self, query: Query) -> Scores | None:
        """A new array, float32 (n,), the higher the better, -inf for papers it has nothing to say about.

        None when it has nothing to go by in the query.
        """


class AlsRetriever:
    """Papers likely to be cited together with what the seeds cite (Hu, Koren, Volinsky 2008).

    A seed's profile is its references and itself. Profiles add up as if one paper cited them all, an item
    counted once a seed; negative seeds count the other way, and items that come out negative are disliked with
    the confidence they would have been liked with. A paper in the profile is scored by the rest of the profile: that
    the seed cites it does not speak for it, else a seed's own reference list would be the answer.
    """

    name = "als"
    weight = 1.0

    def __init__(self, bundle: Bundle) -> None:
        self._bundle = bundle
        self._als = bundle.manifest.als
        self._fold_in = FoldIn(
            bundle.item_factors, bundle.gram_inverse, alpha=self._als.alpha, regularization=self._als.regularization
        )

    def profile(self, query: Query) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.float64]]:
        """Items (k,) and their signed BM25 weights (k,)."""
        liked = [*(self._items_of(row) for row in query.positive_rows), np.unique(query.reference_rows)]
        disliked = [self._items_of(row) for row in query.negative_rows]
        signs = np.repeat((1.0, -1.0), (sum(map(len, liked)), sum(map(len, disliked))))
        every = np.concatenate((*liked, *disliked)).astype(np.int64)
        items, places = np.unique(every, return_inverse=True)
        values = np.bincount(places, weights=signs, minlength=items.size)
        weights = self._weights(items, np.maximum(values, 0.0)) - self._weights(items, np.maximum(-values, 0.0))
        kept = weights != 0.0
        return items[kept], weights[kept]

    def scores(self, query: Query) -> Scores | None:
        """See Retriever. Papers nobody cites have no factors and are left to the others."""
        if not query.positive_rows and not query.reference_rows:
            return None
        items, weights = self.profile(query)
        folded = self._fold_in.fold_in(items, weights)
        scores: Scores = self._bundle.item_factors @ folded.vector
        scores[items] = folded.held_out
        scores[scores < _LEAST_ALS_SCORE] = -np.inf
        return scores

    def _items_of(self, row: int) -> npt.NDArray[np.int64]:
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


class TextRetriever:
    """Papers whose text is like that of the seeds (Rocchio 1971).

    The cosine to the mean of the positive vectors, less a share of the mean of the negative ones. The mean, not
    the best of the seeds, so that several seeds ask for what they have in common and cost one pass.
    """

    name = "text"
    weight = 0.5  # docs/decisions/0009-fusion-constants.md

    def __init__(self, bundle: Bundle) -> None:
        self._bundle = bundle
        vectors = bundle.text_vectors
        # numpy converts float16 slowly: 10,000 vectors cost more than all else in a query together.
        self._vectors = vectors.astype(np.float32) if vectors.size <= _RESIDENT_NUMBERS else vectors
        self._silent = ~np.any(self._vectors, axis=1)

    def scores(self, query: Query) -> Scores | None:
        """See Retriever. Papers without text, or pointing away from the seeds, are left to the others."""
        positive = self._mean(query.positive_rows, query.text_vectors)
        if positive is None:
            return None
        negative = self._mean(query.negative_rows, query.negative_text_vectors)
        aim = positive if negative is None else positive - NEGATIVE_SHARE * negative
        aim /= max(float(np.linalg.norm(aim)), 1e-12)
        scores = np.empty(len(self._vectors), dtype=np.float32)
        for start in range(0, len(scores), _BLOCK_ROWS):
            block = self._vectors[start : start + _BLOCK_ROWS].astype(np.float32, copy=False)
            scores[start : start + _BLOCK_ROWS] = block @ aim
        scores[self._silent | (scores <= 0.0)] = -np.inf
        return scores

    def _mean(self, rows: tuple[int, ...], texts: npt.NDArray[np.float32]) -> npt.NDArray[np.float32] | None:
        known = self._bundle.text_vectors[list(rows)].astype(np.float32)
        vectors = np.concatenate((known, texts)) if len(texts) else known
        vectors = vectors[np.any(vectors, axis=1)]
        return vectors.mean(axis=0, dtype=np.float32) if len(vectors) else None


class PopularityRetriever:
    """The most cited papers, whatever the query: the last resort."""

    name = "popularity"
    weight = 1.0

    def __init__(self, bundle: Bundle) -> None:
        self._counts = bundle.cited_by.counts().astype(np.float32)

    def scores(self, query: Query) -> Scores:
        """See Retriever."""
        return self._counts.copy()
