"""Rows of sparse matrices, cut and scaled."""

from itertools import pairwise

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_array

from cocite.recommender.ranking.fusion import top_rows

_ROWS_TOGETHER = 65_536  # scaled at once, in float64


def heaviest(matrix: csr_array, count: int) -> csr_array:
    """The matrix, float32 with columns in order, with at most count entries a row, the largest, ties by column."""
    lengths = np.diff(matrix.indptr)
    if lengths.max(initial=0) <= count:
        return matrix
    kept = np.ones(matrix.nnz, dtype=np.bool_)
    for row in np.flatnonzero(lengths > count):
        span = slice(matrix.indptr[row], matrix.indptr[row + 1])
        kept[span] = False
        kept[matrix.indptr[row] + top_rows(matrix.data[span], count)] = True
    offsets = np.concatenate(([0], np.cumsum(kept)))[matrix.indptr]
    return csr_array((matrix.data[kept], matrix.indices[kept], offsets), shape=matrix.shape)


def with_norm_1(matrix: csr_array) -> csr_array:
    """The matrix with every row scaled to norm 1; rows of zeros stay."""
    data = np.empty(matrix.nnz, dtype=np.float32)
    for start in range(0, matrix.shape[0], _ROWS_TOGETHER):
        offsets = matrix.indptr[start : start + _ROWS_TOGETHER + 1]
        span = slice(int(offsets[0]), int(offsets[-1]))
        rows = np.repeat(np.arange(offsets.size - 1), np.diff(offsets))
        norms = np.sqrt(np.bincount(rows, weights=matrix.data[span].astype(np.float64) ** 2))
        data[span] = matrix.data[span] / np.maximum(norms, 1e-12)[rows]
    return csr_array((data, matrix.indices, matrix.indptr), shape=matrix.shape)


def heaviest_first(
    matrix: csr_array,
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int32], npt.NDArray[np.float32]]:
    """Offsets, columns and values of the matrix, those of each row by falling value, ties by column. The matrix itself
    is used up.
    """  # fmt: skip
    matrix.sort_indices()
    columns, values = matrix.indices.astype(np.int32, copy=False), matrix.data.astype(np.float32, copy=False)
    for start, end in pairwise(matrix.indptr.tolist()):
        order = np.argsort(-values[start:end], kind="stable")
        columns[start:end], values[start:end] = columns[start:end][order], values[start:end][order]
    return matrix.indptr.astype(np.int64), columns, values
