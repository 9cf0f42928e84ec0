"""Fusing ranked lists, and cutting them off the same way every time."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

RRF_K = 10  # the paper has 60; why less is better here: docs/decisions/0009-fusion-constants.md
LIBRARY_RRF_K = 60  # for lists that are read to their end: docs/decisions/0015-readers-libraries.md


def top_rows(scores: npt.NDArray[np.float32], k: int) -> npt.NDArray[np.int64]:
    """The at most k rows of highest score, best first, ties by row. Scores (n,); -inf means not a candidate."""
    rows = np.flatnonzero(scores > -np.inf)
    values = scores[rows]
    if rows.size > k:
        kept = np.flatnonzero(values >= np.partition(values, rows.size - k)[rows.size - k])
        rows, values = rows[kept], values[kept]
    return _best_first(rows, values)[:k]


def _best_first(rows: npt.NDArray[np.int64], scores: npt.NDArray[np.float32]) -> npt.NDArray[np.int64]:
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
    scores = np.full(1 + max((int(ranked.max(initial=-1)) for ranked in lists), default=-1), -np.inf)
    for ranked in lists:
        scores[ranked] = 0.0
    for ranked, weight in zip(lists, weights, strict=True):
        scores[ranked] += weight / (k + np.arange(1, len(ranked) + 1))
    rows = np.flatnonzero(scores > -np.inf)
    if depth is not None and rows.size > depth:
        rows = rows[scores[rows] >= np.partition(scores[rows], rows.size - depth)[rows.size - depth]]
    rows = rows[np.argsort(-scores[rows], kind="stable")][:depth]
    return rows, scores[rows]
