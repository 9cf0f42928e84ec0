"""Papers found by the dot product of their rows with an aim: all of them looked at, or by an index."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from cocite.recommender.allowed import Allowed
from cocite.recommender.ascending import held
from cocite.recommender.bundle import Bundle
from cocite.recommender.ranking.fusion import best_first, top_rows
from cocite.recommender.retrieval.contract import Dense, Found, Rows, Scores, Sparse
from cocite.recommender.row_blocks import RowBlocks
from cocite.recommender.row_index import RowIndex

_LEAST = 1e-6  # a score below it is rounding
_NONE = np.empty(0, dtype=np.int64)
_LEAST_FOUND = 400  # by an index, however few are wanted: the first of these need not be the first of all

Floats = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Space:
    """matrix (n, d), the index of its first block, and the roots of the lengths of its rows, float32 (n,), None where
    all are 1 or 0.
    """  # fmt: skip

    matrix: RowBlocks
    index: RowIndex | None
    roots: Floats | None

    @classmethod
    def of_texts(cls, bundle: Bundle) -> "Space":
        """Text vectors."""
        return cls(bundle.text_vectors, bundle.text_index, None)

    @classmethod
    def of_items(cls, bundle: Bundle) -> "Space":
        """Item factors."""
        matrix = bundle.item_factors
        fresh = matrix.lengths(np.arange(bundle.factor_lengths.size, len(matrix)))
        lengths = np.concatenate((bundle.factor_lengths, fresh))
        return cls(matrix, bundle.factor_index, np.sqrt(np.maximum(lengths, 1e-9, dtype=np.float32)))

    def find(self, aim: Floats, over_root: bool = False, known: Sparse | None = None) -> Found:
        """What the dot product with aim (d,) says, over the root of a row's length where over_root is set; of some rows
        known says it instead. Nothing is said of a row that scores next to nothing, or less.
        """  # fmt: skip
        aimed = Aimed(self, aim, over_root, known)
        return aimed if self.index is not None else Dense(aimed.of(np.arange(len(self.matrix))))


@dataclass(frozen=True, slots=True)
class Aimed:
    """What a space with an index has to say. of() is exact; best() may miss a row."""

    space: Space
    aim: Floats
    over_root: bool
    known: Sparse | None

    def best(self, count: int, allowed: Allowed) -> Rows:
        """See Found."""
        few = allowed.few
        if few is not None:
            return few[top_rows(self.of(few), count)]
        rows = np.concatenate((self._searched(count, allowed), self._apart()))
        rows = rows[allowed.of(rows)]
        scores = self.of(rows)
        told = scores >= _LEAST
        return best_first(rows[told], scores[told])[:count]

    def of(self, rows: npt.NDArray[np.integer]) -> Scores:
        """See Found."""
        scores = self.space.matrix.products(rows, self.aim)
        if self.over_root and self.space.roots is not None:
            scores /= self.space.roots[rows]
        if self.known is not None:
            told = self.known.of(rows)
            np.copyto(scores, told, where=told > -np.inf)
        scores[scores < _LEAST] = -np.inf
        return scores

    def _searched(self, count: int, allowed: Allowed) -> Rows:
        """Rows of the index that nothing else is known of: count that are allowed, where there are so many."""
        assert self.space.index is not None
        known = self.known.rows if self.known is not None else _NONE
        barred = allowed.named.size + known.size
        rows = self.space.index.search(self.aim, max(count, _LEAST_FOUND) + barred, allowed.passing)
        return rows[~held(known, rows)]

    def _apart(self) -> Rows:
        """Rows that the index does not tell of: those known otherwise, and those that came after it."""
        indexed = len(self.space.matrix.blocks[0])
        fresh = np.arange(indexed, len(self.space.matrix))
        return fresh if self.known is None else np.concatenate((self.known.rows[self.known.rows < indexed], fresh))
