"""Which papers hold which terms, and how telling each is there.

Weights are TF-IDF with logarithmic counts, (1 + log tf) * log(n / df), each paper's scaled to norm 1 (Salton and
Buckley 1988, "ltc"): a dot product of two papers is their cosine.
"""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import lru_cache, partial
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from cocite.recommender.csr import Csr
from cocite.recommender.tokens import LONGEST_TERM, terms

if TYPE_CHECKING:
    from scipy.sparse import csr_array

TERM_DTYPE = np.dtype(f"S{LONGEST_TERM}")
Floats = npt.NDArray[np.float32]
_REMEMBERED = 32  # texts: those of one request, which several retrievers and reasons ask for


@dataclass(frozen=True, slots=True)
class Terms:
    """Places of terms in the vocabulary, int32 (k,), ascending, each once, and their weights, float32 (k,)."""

    places: npt.NDArray[np.int32]
    weights: Floats


@dataclass(frozen=True, slots=True)
class Postings:
    """Papers of terms: papers has a row for each term, weights float32 one for each link."""

    papers: Csr
    weights: Floats

    def matrix(self, paper_count: int) -> "csr_array":
        """float32 (v, paper_count), sharing memory with the arrays."""
        from scipy.sparse import csr_array  # late: to list models needs none

        links = self.papers.rows.size
        offsets = self.papers.offsets.astype(np.int32 if links <= np.iinfo(np.int32).max else np.int64)
        return csr_array((self.weights, self.papers.rows, offsets), shape=(offsets.size - 1, paper_count))


@dataclass(frozen=True, slots=True)
class WordIndex:
    """Terms of papers, papers of terms, and the weights of both, beside their rows. vocabulary is ascending UTF-8.

    Thread-safe.
    """

    vocabulary: npt.NDArray[np.bytes_]
    idf: Floats
    paper_terms: Csr
    paper_term_weights: Floats
    term_papers: Csr
    term_paper_weights: Floats
    _of_text: Callable[[str], Terms] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        weighed = lru_cache(_REMEMBERED)(partial(_weighed, self.vocabulary, self.idf))
        object.__setattr__(self, "_of_text", weighed)

    @property
    def postings(self) -> Postings:
        """Papers of the terms."""
        return Postings(self.term_papers, self.term_paper_weights)

    def of_row(self, row: int) -> Terms:
        """Terms of a paper; none when it has no text, or none that others share."""
        span = self.paper_terms.span(row)
        return Terms(self.paper_terms.rows[span], self.paper_term_weights[span])

    def of_text(self, text: str) -> Terms:
        """Terms of a text that are in the vocabulary, weighted like a paper's."""
        return self._of_text(text)

    def term(self, place: int) -> str:
        """The term at a place of the vocabulary."""
        return bytes(self.vocabulary[place]).decode("utf-8")


def _weighed(vocabulary: npt.NDArray[np.bytes_], idf: Floats, text: str) -> Terms:
    counts = Counter(terms(text))
    wanted = np.array([term.encode() for term in counts], dtype=TERM_DTYPE)
    places = np.searchsorted(vocabulary, wanted)
    known = places < vocabulary.size
    known[known] = vocabulary[places[known]] == wanted[known]
    tf = np.fromiter(counts.values(), dtype=np.int64, count=len(counts))
    order = np.argsort(places[known])
    found = places[known][order].astype(np.int32)
    weights = tf_idf(tf[known][order], idf[found])
    if weights.size:
        weights /= np.float32(np.linalg.norm(weights))
    for array in (found, weights):
        array.flags.writeable = False  # remembered
    return Terms(found, weights)


def tf_idf(tf: npt.NDArray[np.integer], idf: Floats) -> Floats:
    """Weights before scaling: tf says how often a text holds a term, from 1; shapes alike."""
    weights: Floats = ((1.0 + np.log(tf)) * idf).astype(np.float32)
    return weights
