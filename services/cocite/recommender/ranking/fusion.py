"""Fusing ranked lists, and cutting them off the same way every time."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from cocite.recommender.ranking.fusion_loops import fused

RRF_K = 10  # the paper has 60; why less is better here: docs/decisions/0009-fusion-constants.md
LIBRARY_RRF_K = 60  # for lists that are read to their end: docs/decisions/0015-readers-libraries.md


def top_rows(scores: npt.NDArray[np.float32], k: int) -> npt.NDArray[np.int64]:
    """The at most k rows of highest score, best first, ties by row. Scores (n,); -inf means not a candidate."""
    rows = np.flatnonzero(scores > -np.inf)
    values = scores[rows]
    if rows.size > k:
        kept = np.flatnonzero(values >= np.partition(values, rows.size - k)[rows.size - k])
        rows, values = rows[kept], values[kept]
    return best_first(rows, values)[:k]


def best_first(rows: npt.NDArray[np.int64], scores: npt.NDArray[np.float32]) -> npt.NDArray[np.int64]:
    """Rows (k,) by falling score (k,), ties by row: one sort of numbers that hold both, faster than one of places."""
    bits = (scores + np.float32(0.0)).view(np.int32)  # the sum makes 0 of -0
    rising = bits ^ ((bits >> 31) & 0x7FFFFFFF)  # in order of the scores: the bits of negative ones run backwards
    keys = rows - (rising.astype(np.int64) << 32)
    keys.sort()
    return keys & 0xFFFFFFFF


def reciprocal_rank_fusion(
    lists: Sequence[npt.NDArray[np.int64]], weights: Sequence[float], k: int = RRF_K, depth: int | None = None
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.float64]]:
    """Rows and scores of all lists as one, best first, ties by row (Cormack, Clarke, Buettcher 2009); the first depth.

    A row scores the sum of weight / (k + rank) over the lists it is in, ranks from 1. No list holds a row twice.
    """
    if not any(map(len, lists)):
        return np.empty(0, dtype=np.int64), np.empty(0, dtype=np.float64)
    ends = np.cumsum([len(ranked) for ranked in lists], dtype=np.int64)
    rows, scores = fused(np.concatenate(lists), ends, np.array(weights, dtype=np.float64), float(k))
    if depth is not None and rows.size > depth:
        kept = np.flatnonzero(scores >= np.partition(scores, rows.size - depth)[rows.size - depth])
        rows, scores = rows[kept], scores[kept]
    order = np.lexsort((rows, -scores))[:depth]
    return rows[order], scores[order]
