"""The papers that retrievers propose for a query, and what each of them says of each."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Rows = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Candidates:
    """rows (k,); scores (k, r) of each retriever in order of names, NaN where it has nothing to say."""

    rows: Rows
    names: tuple[str, ...]
    scores: Floats

    @classmethod
    def of(cls, rows: Rows, found: Mapping[str, npt.NDArray[np.float32] | None]) -> "Candidates":
        """The given rows, with the scores that each retriever found for all papers, float32 (n,), or None."""
        scores = np.full((rows.size, len(found)), np.nan, dtype=np.float32)
        for column, values in enumerate(found.values()):
            if values is not None:
                picked = values[rows]
                scores[:, column] = np.where(np.isfinite(picked), picked, np.nan)
        return cls(rows, tuple(found), scores)
