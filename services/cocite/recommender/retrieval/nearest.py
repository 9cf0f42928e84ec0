"""Papers found by the dot product of their rows with an aim: all of them looked at, or by an index."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from cocite.recommender.allowed import Allowed
from cocite.recommender.bundle import Bundle
from cocite.recommender.ranking.fusion import best_first, top_rows
from cocite.recommender.retrieval.contract import Dense, Found, Rows, Scores, Sparse
from cocite.recommender.row_blocks import RowBlocks
from cocite.recommender.row_index import RowIndex

_LEAST = 1e-6  # a score below it is rounding
_EXACT = 400  # of the rows that an index finds, the first; the order of the others is rough

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
    """What a space with an index has to say. of() is exact; best() may miss a row, and orders those after its first few
    hundred roughly.
    """  # fmt: skip

    space: Space
    aim: Floats
    over_root: bool
    known: Sparse | None

    def best(self, count: int, allowed: Allowed) -> Rows:
        """See Found."""
        few = allowed.few
        if few is not None:
            return few[top_rows(self.of(few), count)]
        found, rough = self._searched(count, allowed)
        apart = self._apart(allowed)
        exact = np.concatenate((found[:_EXACT], apart))
        rows, scores = np.concatenate((exact, found[_EXACT:])), np.concatenate((self.of(exact), rough[_EXACT:]))
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

    def _searched(self, count: int, allowed: Allowed) -> tuple[Rows, Scores]:
        """Allowed rows of the index that nothing else is known of, best first, and about what they score."""
        assert self.space.index is not None
        barred = allowed.named.size + (self.known.rows.size if self.known is not None else 0)
        rows, scores = self.space.index.search(self.aim, max(count, _EXACT) + barred, allowed.passing)
        if self.space.roots is not None and not self.over_root:
            scores = scores * self.space.roots[rows]
            order = np.argsort(-scores, kind="stable")
            rows, scores = rows[order], scores[order]
        kept = allowed.of(rows)
        if self.known is not None:
            kept &= self.known.of(rows) == -np.inf
        return rows[kept], scores[kept]

    def _apart(self, allowed: Allowed) -> Rows:
        """Allowed rows that the index does not tell of: those known otherwise, and those that came after it."""
        matrix = self.space.matrix
        fresh = np.arange(len(matrix.blocks[0]), len(matrix))
        rows = fresh if self.known is None else np.union1d(self.known.rows, fresh)
        return rows[allowed.of(rows)]
