"""Which papers may be in an answer."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from cocite.recommender.bundle import Bundle
from cocite.recommender.query import Query


@dataclass(frozen=True, slots=True)
class Allowed:
    """mask (n,) is True for the rows that may be in an answer."""

    mask: npt.NDArray[np.bool_]

    @classmethod
    def by(cls, query: Query, bundle: Bundle) -> "Allowed":
        """What a query allows: what passes its filter, less what it names and other versions of that."""
        allowed = query.row_filter.mask(bundle)
        if query.candidate_rows is not None:
            asked = np.zeros_like(allowed)
            asked[list(query.candidate_rows)] = True
            allowed &= asked
        named = np.array(
            (*query.positive_rows, *query.negative_rows, *query.library_rows, *query.exclude_rows), dtype=np.int64
        )
        allowed[named] = False
        if query.candidate_rows is None:
            taken = np.zeros_like(allowed)
            taken[bundle.works[named]] = True
            allowed &= ~taken[bundle.works]
        return cls(allowed)

    def of(self, rows: npt.NDArray[np.integer]) -> npt.NDArray[np.bool_]:
        """True for those of rows (k,) that may be in the answer."""
        found: npt.NDArray[np.bool_] = self.mask[rows]
        return found
