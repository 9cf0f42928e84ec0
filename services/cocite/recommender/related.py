"""Related lists: the first results of Query.of_paper for each paper, made when the model was trained."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from cocite.recommender.csr import Csr


@dataclass(frozen=True, slots=True)
class RelatedLists:
    """Of each row of the training its list, rows best first, and beside them scores float32, falling.

    reasons[reason_offsets[i] : reason_offsets[i + 1]] are those of the first layout.EXPLAINED results of row i, as
    reason_code.py has them; the seed is the first and only one. A paper may have no list.
    """

    lists: Csr
    scores: npt.NDArray[np.float32]
    reason_offsets: npt.NDArray[np.int64]
    reasons: npt.NDArray[np.uint8]

    @classmethod
    def none(cls) -> "RelatedLists":
        """Of no paper."""
        nowhere = np.zeros(1, dtype=np.int64)
        lists = Csr(nowhere, np.empty(0, dtype=np.int32))
        return cls(lists, np.empty(0, dtype=np.float32), nowhere, np.empty(0, dtype=np.uint8))

    def start_of(self, row: int, end: int) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.float32]] | None:
        """Rows and scores of a paper's list, None unless it goes on beyond end.

        What ends at the end of a list may end there or not: there are no more results here, but may be elsewhere.
        """
        if row + 1 >= self.lists.offsets.size:
            return None
        span = self.lists.span(row)
        return (self.lists.rows[span], self.scores[span]) if span.stop - span.start > end else None
