"""Rows of sparse matrices, cut and scaled."""

import numpy as np
from scipy.sparse import csr_array

from cocite.recommender.ranking.fusion import top_rows


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
    lengths = np.diff(matrix.indptr)
    rows = np.repeat(np.arange(matrix.shape[0]), lengths)
    norms = np.sqrt(np.bincount(rows, weights=matrix.data.astype(np.float64) ** 2, minlength=matrix.shape[0]))
    data = (matrix.data / np.maximum(norms, 1e-12)[rows]).astype(np.float32)
    return csr_array((data, matrix.indices, matrix.indptr), shape=matrix.shape)
