"""One of each work: preprint and published version are one answer."""

import numpy as np
import numpy.typing as npt
from numba import int64

from cocite.recommender.compiled import INT32S, compiled
from cocite.recommender.query import Ranking
from cocite.recommender.retrieval.numbering import empty_slots, numbered


def one_of_each_work(ranking: Ranking, works: npt.NDArray[np.int32]) -> Ranking:
    """The best ranked row of each work, in the same order. works int32 (n,): rows of one work have one number."""
    kept = _firsts(works[ranking.rows])
    if kept.size == ranking.rows.size:
        return ranking
    return Ranking(ranking.rows[kept], ranking.scores[kept], ranking.fallback)


@compiled(int64[::1](INT32S))
def _firsts(numbers: npt.NDArray[np.int32]) -> npt.NDArray[np.int64]:
    """Where each of numbers (k,) comes first."""
    distinct, places = np.empty(numbers.size, dtype=np.int32), np.empty(numbers.size, dtype=np.int32)
    numbered(empty_slots(numbers.size), distinct, 0, numbers, places)
    firsts, count = np.empty(numbers.size, dtype=np.int64), 0
    for place in range(numbers.size):
        if places[place] == count:
            firsts[count] = place
            count += 1
    return firsts[:count].copy()
