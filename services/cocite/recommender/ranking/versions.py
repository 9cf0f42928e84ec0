"""One of each work: preprint and published version are one answer."""

import numpy as np
import numpy.typing as npt

from cocite.recommender.query import Ranking


def one_of_each_work(ranking: Ranking, works: npt.NDArray[np.int32]) -> Ranking:
    """The best ranked row of each work, in the same order. works int32 (n,): rows of one work have one number."""
    _, first = np.unique(works[ranking.rows], return_index=True)
    if first.size == ranking.rows.size:
        return ranking
    kept = np.sort(first)
    return Ranking(ranking.rows[kept], ranking.scores[kept], ranking.fallback)
