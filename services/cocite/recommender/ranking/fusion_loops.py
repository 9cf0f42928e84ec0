"""Compiled: the sums of reciprocal rank fusion (fusion.py)."""

import numpy as np
import numpy.typing as npt

from cocite.recommender.compiled import compiled
from cocite.recommender.retrieval.numbering import empty_slots, numbered

_INTS, _FLOATS = "Array(int64, 1, 'C', readonly=True)", "Array(float64, 1, 'C', readonly=True)"


@compiled(f"Tuple((int64[::1], float64[::1]))({_INTS}, {_INTS}, {_FLOATS}, float64)")
def fused(
    rows: npt.NDArray[np.int64], ends: npt.NDArray[np.int64], weights: npt.NDArray[np.float64], k: float
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.float64]]:
    """Each of rows (m,) once, as they come, and the sum of weight / (k + rank) over the lists it is in.

    The lists lie one after another in rows, each up to its end, best first. Costs what the lists hold, not what the
    largest row is: the table of sums stays in the processor's cache.
    """
    every, numbers = np.empty(rows.size, dtype=np.int32), np.empty(rows.size, dtype=np.int32)
    count = numbered(empty_slots(rows.size), every, 0, rows.astype(np.int32), numbers)
    sums = np.zeros(count, dtype=np.float64)
    start = 0
    for place in range(ends.size):
        for at in range(start, ends[place]):
            sums[numbers[at]] += weights[place] / (k + (at - start + 1))
        start = ends[place]
    return every[:count].astype(np.int64), sums
