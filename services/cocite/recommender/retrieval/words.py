"""Likeness of wording: terms in common."""

from collections.abc import Iterable, Sequence

import numpy as np
import numpy.typing as npt
from scipy.sparse import csc_array

from cocite.recommender.bundle import Bundle
from cocite.recommender.query import Query
from cocite.recommender.retrieval.contract import Scores
from cocite.recommender.retrieval.text import NEGATIVE_SHARE
from cocite.recommender.word_index import Terms

MOST_TERMS = 256  # looked up, the heaviest of all seeds: more than one abstract has, so only many seeds lose any


class WordsRetriever:
    """Papers whose title, abstract and keywords hold the words of the seeds (Rocchio 1971 over TF-IDF cosines).

    The aim is the mean of the positive seeds' terms less a share of the mean of the negative ones' terms, as in
    TextRetriever, cut to its MOST_TERMS heaviest.
    """

    name = "words"
    weight = 0.5

    def __init__(self, bundle: Bundle) -> None:
        self._words = bundle.words
        self._paper_count = bundle.paper_count

    def scores(self, query: Query) -> Scores | None:
        """See Retriever. Papers that share no term with the seeds, or more with the negative ones, are left out."""
        positive = self._terms((*query.positive_rows, *query.library_rows), query.texts)
        if not positive:
            return None
        negative = self._terms(query.negative_rows, query.negative_texts)
        terms, weights = _heaviest(*_aim(positive, negative))
        scores: Scores = self._columns(terms) @ weights
        scores[scores <= 0.0] = -np.inf
        return scores

    def _columns(self, terms: npt.NDArray[np.int32]) -> csc_array:
        """The weights of some terms (k,) in all papers, float32 (n, k)."""
        spans = [self._words.term_papers.span(term) for term in terms]
        ends = np.cumsum([0, *(span.stop - span.start for span in spans)])
        data = np.concatenate([self._words.term_paper_weights[span] for span in spans])
        rows = np.concatenate([self._words.term_papers.rows[span] for span in spans])
        return csc_array((data, rows, ends), shape=(self._paper_count, len(spans)))

    def _terms(self, rows: Iterable[int], texts: Iterable[str]) -> list[Terms]:
        """Terms of each seed that has any, in an order that does not depend on that of the seeds."""
        known = [self._words.of_row(row) for row in sorted(set(rows))]
        told = [self._words.of_text(text) for text in sorted(set(texts))]
        return [found for found in (*known, *told) if found.places.size]


def _aim(positive: Sequence[Terms], negative: Sequence[Terms]) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.float32]]:
    """Places (k,) and signed weights (k,) of norm 1."""
    shares = [1.0 / len(positive)] * len(positive) + [-NEGATIVE_SHARE / max(len(negative), 1)] * len(negative)
    every = [*positive, *negative]
    places, inverse = np.unique(np.concatenate([found.places for found in every]), return_inverse=True)
    weights = np.concatenate([found.weights * share for found, share in zip(every, shares, strict=True)])
    total = np.bincount(inverse, weights=weights)
    return places, (total / max(float(np.linalg.norm(total)), 1e-12)).astype(np.float32)


def _heaviest(
    places: npt.NDArray[np.int32], weights: npt.NDArray[np.float32]
) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.float32]]:
    kept = np.sort(np.lexsort((places, -np.abs(weights)))[:MOST_TERMS])
    return places[kept], weights[kept]
