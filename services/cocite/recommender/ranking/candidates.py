"""The papers that retrievers propose for a query, and what each of them says of each."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from cocite.recommender.retrieval.contract import Found

Rows = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Candidates:
    """rows (k,); scores (k, r) of each retriever in order of names, NaN where it has nothing to say."""

    rows: Rows
    names: tuple[str, ...]
    scores: Floats

    @classmethod
    def of(cls, rows: Rows, found: Mapping[str, Found | None]) -> "Candidates":
        """The given rows, with what each retriever says of them."""
        scores = np.full((rows.size, len(found)), np.nan, dtype=np.float32)
        for column, said in enumerate(found.values()):
            if said is not None:
                scores[:, column] = said.of(rows)
        scores[~np.isfinite(scores)] = np.nan
        return cls(rows, tuple(found), scores)
