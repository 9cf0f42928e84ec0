"""The words of all papers, counted as they stream by.

Words are taken as they are. Recall@20 of held-out references among 10,000 papers was .244 so, .256 with Snowball's
English stemmer, .232 with pairs of words beside them, .241 with weights of BM25 (standard error .010): too little for
a stemmer for each language, and for words that nobody can read.
"""

from array import array
from collections import Counter
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_array

from cocite.recommender.tokens import terms
from cocite.recommender.word_index import TERM_DTYPE, tf_idf
from cocite.training.sparse_rows import with_norm_1

LEAST_PAPERS = 2  # a term of one paper relates it to no other
MOST_COMMON = 0.5  # share of the papers with text; a term of more of them tells nothing
MOST_TERMS = 500_000  # of the vocabulary, those of most papers
_MOST_DISTINCT = 5_000_000  # terms counted, about 1 GB; new ones beyond are typing errors, for the most part


@dataclass(frozen=True, slots=True)
class Words:
    """terms S (v,), ascending UTF-8; idf float32 (v,); weights float32 (n, v), TF-IDF, rows of norm 1 or 0."""

    terms: npt.NDArray[np.bytes_]
    idf: npt.NDArray[np.float32]
    weights: csr_array


class WordCounts:
    """Counts the terms of papers one after another; the texts themselves are not kept."""

    def __init__(self) -> None:
        self._places: dict[str, int] = {}
        self._found, self._counts, self._ends = array("i"), array("i"), array("q", [0])

    def add(self, text: str) -> None:
        """The next paper's text, "" for none."""
        for term, count in Counter(terms(text)).items():
            place = self._places.get(term)
            if place is None and len(self._places) < _MOST_DISTINCT:
                place = self._places[term] = len(self._places)
            if place is not None:
                self._found.append(place)
                self._counts.append(count)
        self._ends.append(len(self._found))

    def words(self, order: npt.NDArray[np.integer] | None = None) -> Words:
        """What was counted, row i being paper order[i] of those added (n,), by default as they came.

        The vocabulary holds the terms of at least LEAST_PAPERS papers and at most MOST_COMMON of those with text.
        """
        shape = (len(self._ends) - 1, len(self._places))
        counts = csr_array(tuple(map(np.asarray, (self._counts, self._found, self._ends))), shape=shape)
        return words_of(counts, np.array([term.encode() for term in self._places], dtype=TERM_DTYPE), order)


def words_of(counts: csr_array, names: npt.NDArray[np.bytes_], order: npt.NDArray[np.integer] | None = None) -> Words:
    """The words of papers from counts (n, t) of terms with names (t,); order as of WordCounts.words."""
    frequency = np.bincount(counts.indices, minlength=counts.shape[1])
    with_text = np.count_nonzero(np.diff(counts.indptr))
    kept = np.flatnonzero((frequency >= LEAST_PAPERS) & (frequency <= MOST_COMMON * with_text))
    kept = kept[np.lexsort((names[kept], -frequency[kept]))][:MOST_TERMS]
    kept = kept[np.argsort(names[kept])]
    idf = np.log(with_text / frequency[kept]).astype(np.float32)
    chosen = csr_array(counts[:, kept][slice(None) if order is None else order])
    return Words(names[kept], idf, _weighted(chosen, idf))


def _weighted(counts: csr_array, idf: npt.NDArray[np.float32]) -> csr_array:
    counts.sort_indices()
    weights = tf_idf(counts.data, idf[counts.indices])
    return with_norm_1(csr_array((weights, counts.indices, counts.indptr), shape=counts.shape))
