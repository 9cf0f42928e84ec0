"""BM25 weights of citations, the same for the training matrix and for a row that is folded in while serving.

Robertson and Walker 1994, in the form of implicit.nearest_neighbours.bm25_weight: a citing paper is a document,
a cited paper a term, the idf log(N) - log(1 + df).
"""

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from scipy.sparse import csr_array

K1 = 100.0
B = 0.8


def bm25_idf(document_count: int, document_frequency: npt.NDArray[np.integer]) -> npt.NDArray[np.float64]:
    """Idf of each cited paper, shape of document_frequency: how many of document_count papers cite it.

    Below zero for a paper that nearly all papers cite, which only happens in corpora of a few papers.
    """
    idf: npt.NDArray[np.float64] = np.log(document_count) - np.log1p(document_frequency)
    return idf


def bm25_weights(
    values: npt.NDArray[np.floating],
    lengths: npt.NDArray[np.floating] | float,
    idf: npt.NDArray[np.floating],
    *,
    k1: float = K1,
    b: float = B,
    average_length: float,
) -> npt.NDArray[np.float64]:
    """Weight of each citation, shape (k,).

    values (k,) says how often, lengths is the sum of values of the row each belongs to, idf that of the paper
    cited, average_length the mean row sum of the training matrix.
    """
    length_norm = (1.0 - b) + b * np.asarray(lengths, dtype=np.float64) / average_length
    return np.asarray(values, dtype=np.float64) * (k1 + 1.0) / (k1 * length_norm + values) * idf


def bm25_matrix(
    matrix: "csr_array", *, k1: float = K1, b: float = B
) -> tuple["csr_array", npt.NDArray[np.float64], float]:
    """The weighted matrix, the idf of each column and the mean row sum, which fold-in needs again.

    matrix has a row for each citing paper and a column for each cited one, no duplicates. Equals implicit's
    bm25_weight(matrix, K1=k1, B=b).
    """
    from scipy.sparse import csr_array

    row_sums = np.asarray(matrix.sum(axis=1), dtype=np.float64).ravel()
    average_length = float(row_sums.mean())
    rows, columns = matrix.shape
    idf = bm25_idf(rows, np.bincount(matrix.indices, minlength=columns))
    lengths = np.repeat(row_sums, np.diff(matrix.indptr))
    data = bm25_weights(matrix.data, lengths, idf[matrix.indices], k1=k1, b=b, average_length=average_length)
    return csr_array((data, matrix.indices, matrix.indptr), shape=matrix.shape), idf, average_length
