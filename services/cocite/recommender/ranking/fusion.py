"""Fusing ranked lists, and cutting them off the same way every time."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

RRF_K = 10  # the paper has 60; why less is better here: docs/decisions/0009-fusion-constants.md


def top_rows(scores: npt.NDArray[np.floating], k: int) -> npt.NDArray[np.int64]:
    """The at most k rows of highest score, best first, ties by row. Scores (n,); -inf means not a candidate."""
    rows = np.flatnonzero(scores > -np.inf)
    if rows.size > k:
        values = scores[rows]
        threshold = np.partition(values, rows.size - k)[rows.size - k]
        above, level = rows[values > threshold], rows[values == threshold]
        rows = np.concatenate((above, level[: k - above.size]))
    return rows[np.lexsort((rows, -scores[rows]))]


def reciprocal_rank_fusion(
    lists: Sequence[npt.NDArray[np.int64]], weights: Sequence[float], k: int = RRF_K
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.float64]]:
    """Rows and scores of all lists as one, best first, ties by row (Cormack, Clarke, Buettcher 2009).

    A row scores the sum of weight / (k + rank) over the lists it is in, ranks from 1. No list holds a row twice.
    """
    if not any(len(ranked) for ranked in lists):
        return np.empty(0, dtype=np.int64), np.empty(0, dtype=np.float64)
    every = np.concatenate(lists)
    gains = np.concatenate(
        [weight / (k + np.arange(1, len(ranked) + 1)) for ranked, weight in zip(lists, weights, strict=True)]
    )
    rows, places = np.unique(every, return_inverse=True)
    scores = np.bincount(places, weights=gains).astype(np.float64, copy=False)
    order = np.lexsort((rows, -scores))
    return rows[order], scores[order]
