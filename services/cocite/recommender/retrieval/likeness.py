"""The papers most like the seeds by text: meaning and wording together tell more than either."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from numba import types

from cocite.recommender.allowed import Allowed
from cocite.recommender.ascending import holds
from cocite.recommender.bundle import Bundle
from cocite.recommender.compiled import FLOAT32S, INT64S, compiled, tuple_of
from cocite.recommender.query import Query
from cocite.recommender.ranking.fusion import top_rows
from cocite.recommender.retrieval.asked import Asked
from cocite.recommender.retrieval.text import TextRetriever
from cocite.recommender.retrieval.words import WordsRetriever

Rows = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float32]
NEIGHBOURS = 32  # kept for each paper, and found for a text
_LOOKED_AT = 256  # best by meaning, and as many by words, that the neighbours of a text are among
_NONE = np.empty(0, dtype=np.int64)


@dataclass(frozen=True, slots=True)
class Neighbours:
    """Rows (k,), each once, and their likeness to the seeds (k,), above 0: half the cosine of the vectors and half
    that of the words.
    """  # fmt: skip

    rows: Rows
    likeness: Floats


class TextNeighbours:
    """Finds the text neighbours of a query: those of papers are in the bundle, those of texts are searched.

    Thread-safe.
    """

    def __init__(self, bundle: Bundle, text: TextRetriever, words: WordsRetriever) -> None:
        self._bundle = bundle
        self._retrievers = (text, words)

    def of(self, asked: Asked) -> Neighbours:
        """Neighbours of the positive seeds, the library and the texts; a paper near several of them counts for each.

        Texts, and papers that came after the training, are searched together, by their mean. A query's own papers are
        none of its neighbours.
        """
        query = asked.query
        own = (*query.positive_rows, *query.library_rows)
        known = [row for row in own if row < len(self._bundle.text_neighbours)]
        rows = self._bundle.text_neighbours[known].ravel().astype(np.int64)
        likeness = self._bundle.text_likeness[known].ravel()
        others = tuple(row for row in own if row >= len(self._bundle.text_neighbours))
        if others or query.texts or len(query.text_vectors):
            found = self._search(Query(positive_rows=others, texts=query.texts, text_vectors=query.text_vectors))
            rows, likeness = np.concatenate((rows, found.rows)), np.concatenate((likeness, found.likeness))
        barred = np.array(sorted({*own, *query.negative_rows}), dtype=np.int64)
        return Neighbours(*_together(rows, likeness, barred))

    def _search(self, query: Query) -> Neighbours:
        asked, every = Asked(query, self._bundle), Allowed(Query(), self._bundle)
        told = [found for retriever in self._retrievers if (found := retriever.find(asked)) is not None]
        rows = np.unique(np.concatenate([_NONE, *(found.best(_LOOKED_AT, every) for found in told)]))
        total = np.zeros(rows.size, dtype=np.float32)
        for found in told:
            total += 0.5 * np.maximum(found.of(rows), 0.0)
        total[total <= 0.0] = -np.inf
        nearest = top_rows(total, NEIGHBOURS)
        return Neighbours(rows[nearest], total[nearest])


@compiled(tuple_of(types.int64[::1], types.float32[::1])(INT64S, FLOAT32S, INT64S))
def _together(rows: Rows, likeness: Floats, barred: Rows) -> tuple[Rows, Floats]:
    """Distinct rows, ascending, and the sums of their likeness (k,), without those below 0 and the barred, ascending
    ones.
    """  # fmt: skip
    distinct, sums = np.empty(rows.size, np.int64), np.zeros(rows.size)
    to = 0
    for at in np.argsort(rows, kind="mergesort"):
        if rows[at] < 0 or holds(barred, rows[at]):
            continue
        if to == 0 or distinct[to - 1] != rows[at]:
            distinct[to] = rows[at]
            to += 1
        sums[to - 1] += likeness[at]
    return distinct[:to].copy(), sums[:to].astype(np.float32)
