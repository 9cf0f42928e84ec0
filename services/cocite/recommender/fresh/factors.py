"""ALS factors of papers that nobody cited when the model was trained (docs/decisions/0014-fresh-papers.md).

A paper is cited where papers like it are. So its factors point where those of its text neighbours do, and, with half
the say, those of what it cites; with neither they are zero. Their length is the median of the cited papers', with
which a new paper gets its fair share of the first places, neither more nor less.
"""

import numpy as np
import numpy.typing as npt

from cocite.recommender.allowed import Allowed
from cocite.recommender.bundle import Bundle
from cocite.recommender.query import Query
from cocite.recommender.retrieval.nearest import Space

NEIGHBOURS = 20
_LOOKED_AT = 1000  # papers with alike texts: nobody may cite the first
REFERENCES_SHARE = 0.5

Floats = npt.NDArray[np.float32]


class Folding:
    """Estimates factors in the space of one bundle."""

    def __init__(self, bundle: Bundle) -> None:
        self._bundle = bundle
        self._texts = Space.of_texts(bundle)
        lengths = bundle.factor_lengths[bundle.factor_lengths > 0.0]
        self._length = float(np.median(lengths)) if lengths.size else 0.0

    def factors(self, vector: Floats | None, references: npt.NDArray[np.int64]) -> Floats:
        """Factors float32 (f,) of a paper with a text vector (d,), or none, that cites the rows references (k,)."""
        cited = _unit(self._bundle.item_factors[references].sum(axis=0))
        alike = _unit(self._of_text_neighbours(vector)) if vector is not None else np.zeros_like(cited)
        return np.float32(self._length) * _unit(alike + np.float32(REFERENCES_SHARE) * cited)

    def _of_text_neighbours(self, vector: Floats) -> Floats:
        """Sum of the factors of the cited papers with the most alike texts, each times its cosine."""
        found = self._texts.find(vector)
        rows = found.best(_LOOKED_AT, Allowed(Query(), self._bundle))
        rows = rows[self._bundle.factor_lengths[rows] > 0.0][:NEIGHBOURS]
        total: Floats = found.of(rows) @ self._bundle.item_factors[rows]
        return total


def _unit(vector: Floats) -> Floats:
    length = np.float32(np.linalg.norm(vector))
    return vector / length if length else vector
