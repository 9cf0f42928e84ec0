"""Likeness of wording: terms in common, of papers with the seeds or of those who cite papers with the seeds."""

from collections.abc import Iterable, Sequence

import numpy as np
import numpy.typing as npt

from cocite.recommender.bundle import Bundle
from cocite.recommender.ranking.fusion import top_rows
from cocite.recommender.retrieval.asked import Asked
from cocite.recommender.retrieval.contract import Found
from cocite.recommender.retrieval.coupled import scores_of_papers
from cocite.recommender.retrieval.postings import complete, summed
from cocite.recommender.retrieval.tally import Tally
from cocite.recommender.retrieval.text import NEGATIVE_SHARE
from cocite.recommender.word_index import Terms, WordIndex

# Papers of terms looked at for one query, the heaviest: docs/decisions/0022-bounded-retrieval.md
_POSTINGS = 16384
_COMPLETED = 1000  # if those are not all, the best papers so far are compared whole
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
        slots, rows, sums, _ = summed(*self._papers, aim.places, aim.weights, _POSTINGS)
        return Tally(slots, rows, scores_of_papers(rows, sums))


def word_aim(asked: Asked) -> Terms | None:
    """The mean of the positive seeds' terms less a share of the mean of the negative ones', as in TextRetriever, of
    norm 1 and then cut to its MOST_TERMS heaviest. None when no positive seed has any.
    """  # fmt: skip
    words, query = asked.bundle.words, asked.query
    positive = _terms(words, (*query.positive_rows, *query.library_rows), query.texts)
    if not positive:
        return None
    return Terms(*_heaviest(*_aim(positive, _terms(words, query.negative_rows, query.negative_texts))))


def _terms(words: WordIndex, rows: Iterable[int], texts: Iterable[str]) -> list[Terms]:
    """Terms of each seed that has any, in an order that does not depend on that of the seeds."""
    known = [words.of_row(row) for row in sorted(set(rows))]
    told = [words.of_text(text) for text in sorted(set(texts))]
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
    kept = np.sort(top_rows(np.abs(weights), MOST_TERMS))
    return places[kept], weights[kept]
