"""Co-citation at one remove: papers cite a result together with what a seed cites.

This is what a factorisation of citations goes by when nothing closer ties the two. As evidence it is weak, and
looked for only where there is no other.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from cocite.recommender.bundle import Bundle

MAX_CITERS = 1000  # papers citing a result that are looked at


@dataclass(frozen=True, slots=True)
class SecondOrder:
    """The seed's place in the list of seeds, how many papers tie it to the result, and by which of its references.

    rows (k,) are those references, most often cited with the result first, ties by row.
    """

    seed: int
    count: int
    rows: npt.NDArray[np.int32]


class SecondOrderLinks:
    """Finds how results are tied to seeds, given by the rows that each cites, int32 (k,)."""

    def __init__(self, bundle: Bundle, references: Sequence[npt.NDArray[np.int32]]) -> None:
        self._bundle = bundle
        self._references = [(i, rows) for i, rows in enumerate(references) if rows.size]
        self._mark = np.zeros(bundle.paper_count, dtype=np.bool_)
        for _, rows in self._references:
            self._mark[rows] = True

    def strongest(self, row: int) -> SecondOrder | None:
        """The seed that most papers tie to the result in row, of equals the first; None when there is no tie."""
        citers = self._bundle.cited_by.of(row)[:MAX_CITERS]
        cited, owners = self._bundle.references.gather(citers)
        marked = self._mark[cited]
        cited, owners = cited[marked], owners[marked]
        best: SecondOrder | None = None
        for seed, references in self._references if cited.size else ():
            together = np.isin(cited, references)
            count = np.unique(owners[together]).size
            if count > (best.count if best else 0):
                best = SecondOrder(seed, count, _most_frequent_first(cited[together]))
        return best


def _most_frequent_first(rows: npt.NDArray[np.int32]) -> npt.NDArray[np.int32]:
    distinct, counts = np.unique(rows, return_counts=True)
    return distinct[np.lexsort((distinct, -counts))]
