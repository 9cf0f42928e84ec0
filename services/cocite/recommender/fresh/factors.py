"""ALS factors of papers that nobody cited when the model was trained (docs/decisions/0014-fresh-papers.md).

A paper is cited where papers like it are. So its factors point where those of its text neighbours do, and, with half
the say, those of what it cites; with neither they are zero. Their length is the median of the cited papers', with
which a new paper gets its fair share of the first places, neither more nor less.
"""

import numpy as np
import numpy.typing as npt

from cocite.recommender.bundle import Bundle
from cocite.recommender.ranking.fusion import top_rows
from cocite.recommender.row_blocks import RowBlocks

NEIGHBOURS = 20
REFERENCES_SHARE = 0.5

Floats = npt.NDArray[np.float32]


class Folding:
    """Estimates factors in the space of one bundle."""

    def __init__(self, bundle: Bundle) -> None:
        self._bundle = bundle
        self._cited = bundle.item_factors.nonzero_rows()
        self._length = _median_length(bundle.item_factors, self._cited)

    def factors(self, vector: Floats | None, references: npt.NDArray[np.int64]) -> Floats:
        """Factors float32 (f,) of a paper with a text vector (d,), or none, that cites the rows references (k,)."""
        cited = _unit(self._bundle.item_factors[references].sum(axis=0))
        alike = _unit(self._of_text_neighbours(vector)) if vector is not None else np.zeros_like(cited)
        return np.float32(self._length) * _unit(alike + np.float32(REFERENCES_SHARE) * cited)

    def _of_text_neighbours(self, vector: Floats) -> Floats:
        """Sum of the factors of the cited papers with the most alike texts, each times its cosine."""
        cosines = self._bundle.text_vectors @ vector
        cosines[~self._cited | (cosines <= 0.0)] = -np.inf
        rows = top_rows(cosines, NEIGHBOURS)
        total: Floats = cosines[rows] @ self._bundle.item_factors[rows]
        return total


def _median_length(factors: RowBlocks, cited: npt.NDArray[np.bool_]) -> float:
    lengths = np.concatenate([np.linalg.norm(block, axis=1) for block in factors.blocks])[cited]
    return float(np.median(lengths)) if lengths.size else 0.0


def _unit(vector: Floats) -> Floats:
    length = np.float32(np.linalg.norm(vector))
    return vector / length if length else vector
