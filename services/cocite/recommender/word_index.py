"""Which papers hold which terms, and how telling each is there.

Weights are TF-IDF with logarithmic counts, (1 + log tf) * log(n / df), each paper's scaled to norm 1 (Salton and
Buckley 1988, "ltc"): a dot product of two papers is their cosine.
"""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import lru_cache, partial

import numpy as np
import numpy.typing as npt

from cocite.recommender.csr import Csr, Links
from cocite.recommender.tokens import LONGEST_TERM, terms

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
    """Links with a weight each: weights float32 beside links.rows, added_weights beside links.added.rows."""

    links: Csr
    weights: Floats
    added_weights: Floats = field(default_factory=lambda: np.empty(0, dtype=np.float32))

    @property
    def arrays(self) -> tuple[Links, tuple[Floats, Floats]]:
        """All of it, as compiled functions take it."""
        return self.links.arrays, (self.weights, self.added_weights)

    def of(self, row: int) -> tuple[npt.NDArray[np.int32], Floats]:
        """What a row links to, and the weights."""
        links = self.links
        span = links.span(row)
        if not links.added.sources.size:
            return links.rows[span], self.weights[span]
        more = links.added_span(row)
        return links.of(row), np.concatenate((self.weights[span], self.added_weights[more]))

    def with_links(
        self, sources: npt.NDArray[np.integer], targets: npt.NDArray[np.integer], weights: Floats, row_count: int
    ) -> "Postings":
        """See Csr.with_links; weights (k,) are those of the links."""
        return Postings(self.links.with_links(sources, targets, row_count), self.weights, weights)


@dataclass(frozen=True, slots=True)
class WordIndex:
    """Terms of papers, ascending, papers of terms, the heaviest first, and the vocabulary, ascending UTF-8.

    Thread-safe.
    """

    vocabulary: npt.NDArray[np.bytes_]
    idf: Floats
    paper_terms: Postings
    term_papers: Postings
    _of_text: Callable[[str], Terms] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        weighed = lru_cache(_REMEMBERED)(partial(_weighed, self.vocabulary, self.idf))
        object.__setattr__(self, "_of_text", weighed)

    def of_row(self, row: int) -> Terms:
        """Terms of a paper; none when it has no text, or none that others share."""
        return Terms(*self.paper_terms.of(row))

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
