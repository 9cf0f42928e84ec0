"""Likeness of wording: terms in common, of papers with the seeds or of those who cite papers with the seeds."""

from collections.abc import Iterable, Sequence

import numpy as np
import numpy.typing as npt
from numba import types

from cocite.recommender.bundle import Bundle
from cocite.recommender.compiled import FLOAT32S, INT32S, compiled, tuple_of
from cocite.recommender.retrieval.asked import Asked
from cocite.recommender.retrieval.contract import Found
from cocite.recommender.retrieval.coupled import scores_of_papers
from cocite.recommender.retrieval.postings import complete, summed
from cocite.recommender.retrieval.selection import heaviest
from cocite.recommender.retrieval.tally import Tally
from cocite.recommender.retrieval.text import NEGATIVE_SHARE
from cocite.recommender.word_index import Terms, WordIndex

# Papers of terms looked at for one query, the heaviest: docs/decisions/0022-bounded-retrieval.md
_POSTINGS = 8192
_COMPLETED = 500  # if those are not all, the best papers so far are compared whole
_CONTEXT_POSTINGS = 12288
MOST_TERMS = 384  # looked up, the heaviest of all seeds: more than one abstract has, so only many seeds lose any


class WordsRetriever:
    """Papers whose title, abstract and keywords hold the words of the seeds (Rocchio 1971 over TF-IDF cosines)."""

    name = "words"
    weight = 0.5

    def __init__(self, bundle: Bundle) -> None:
        self._vocabulary = bundle.words.vocabulary.size
        self._papers = bundle.words.term_papers.arrays
        self._terms = bundle.words.paper_terms.arrays

    def find(self, asked: Asked) -> Found | None:
        """See Retriever. Papers that share no term with the seeds, or more with the negative ones, are left out."""
        aim = asked.shared(word_aim)
        if aim is None:
            return None
        slots, rows, sums, whole = summed(*self._papers, aim.places, aim.weights, _POSTINGS)
        if not whole:
            complete(rows, sums, *self._terms, aim.places, aim.weights, self._vocabulary, _COMPLETED)
        return Tally(slots, rows, scores_of_papers(rows, sums))


class ContextsRetriever:
    """Papers that are cited by papers with the words of the seeds: what a paper is known for to others need not be what
    it says of itself (Small 1978; Bradshaw 2003).
    """  # fmt: skip

    name = "contexts"
    weight = 0.5

    def __init__(self, bundle: Bundle) -> None:
        self._papers = bundle.contexts.arrays

    def find(self, asked: Asked) -> Found | None:
        """See Retriever. Papers that nobody cites are left to the others."""
        aim = asked.shared(word_aim)
        if aim is None:
            return None
        slots, rows, sums, _ = summed(*self._papers, aim.places, aim.weights, _CONTEXT_POSTINGS)
        return Tally(slots, rows, scores_of_papers(rows, sums))


def word_aim(asked: Asked) -> Terms | None:
    """The mean of the positive seeds' terms less a share of the mean of the negative ones', as in TextRetriever, of
    norm 1 and then cut to its MOST_TERMS heaviest. None when no positive seed has any.
    """  # fmt: skip
    words, query = asked.bundle.words, asked.query
    positive = _terms(words, (*query.positive_rows, *query.library_rows), query.texts)
    if not positive:
        return None
    return _aim(positive, _terms(words, query.negative_rows, query.negative_texts))


def _terms(words: WordIndex, rows: Iterable[int], texts: Iterable[str]) -> list[Terms]:
    """Terms of each seed that has any, in an order that does not depend on that of the seeds."""
    known = [words.of_row(row) for row in sorted(set(rows))]
    told = [words.of_text(text) for text in sorted(set(texts))]
    return [found for found in (*known, *told) if found.places.size]


def _aim(positive: Sequence[Terms], negative: Sequence[Terms]) -> Terms:
    """Signed weights of norm 1, then cut to the MOST_TERMS heaviest."""
    shares = [1.0 / len(positive)] * len(positive) + [-NEGATIVE_SHARE / max(len(negative), 1)] * len(negative)
    every = [*positive, *negative]
    places = np.concatenate([found.places for found in every])
    weights = np.concatenate([found.weights * np.float32(share) for found, share in zip(every, shares, strict=True)])
    return Terms(*_together(places, weights, MOST_TERMS))


@compiled(tuple_of(types.int32[::1], types.float32[::1])(INT32S, FLOAT32S, types.int64))
def _together(
    places: npt.NDArray[np.int32], weights: npt.NDArray[np.float32], most: int
) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.float32]]:
    """Distinct places, ascending, and the sums of their weights, scaled to norm 1, then cut to the heaviest."""
    distinct, sums = np.empty(places.size, np.int32), np.zeros(places.size)
    to = 0
    for at in np.argsort(places, kind="mergesort"):
        if to == 0 or distinct[to - 1] != places[at]:
            distinct[to] = places[at]
            to += 1
        sums[to - 1] += weights[at]
    sums = sums[:to] / max(np.sqrt((sums[:to] ** 2).sum()), 1e-12)
    kept = heaviest(np.abs(sums), most)
    return distinct[kept], sums[kept].astype(np.float32)
