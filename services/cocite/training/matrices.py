"""Sparse matrices of citations and libraries, and their form in a bundle."""

import numpy as np
import numpy.typing as npt
from scipy.sparse import coo_array, csr_array, vstack

from cocite.training.confidence import KEPT

Pairs = npt.NDArray[np.integer]


def link_matrix(links: Pairs, papers: int) -> csr_array:
    """Citations as float32 (papers, papers) from rows (k, 2) of citing and cited, distinct, no self-citations."""
    matrix = _ones(links, (papers, papers))
    assert matrix.nnz == len(links), "the same citation came twice"
    assert not matrix.diagonal().any(), "a paper cites itself"
    return matrix


def library_matrix(entries: Pairs, readers: int, papers: int) -> csr_array:
    """Libraries as float32 (readers, papers) from (k, 2) of reader and paper row; a paper kept twice counts once."""
    return _ones(entries, (readers, papers))


def confidence_matrix(
    readers: npt.NDArray[np.integer],
    papers: npt.NDArray[np.integer],
    confidences: npt.NDArray[np.float32],
    shape: tuple[int, int],
) -> csr_array:
    """Confidences (k,) as float32 (readers, papers); each pair of rows comes once."""
    matrix = csr_array(coo_array((confidences, (readers, papers)), shape=shape))
    matrix.sort_indices()
    return matrix


def kept_only(libraries: csr_array) -> csr_array:
    """A 1 where the confidence is that of a paper kept, and the same readers."""
    kept = libraries.data >= KEPT
    offsets = np.concatenate(([0], np.cumsum(kept)))[libraries.indptr]
    ones = np.ones(int(offsets[-1]), dtype=np.float32)
    return csr_array((ones, libraries.indices[kept], offsets), shape=libraries.shape)


def _ones(pairs: Pairs, shape: tuple[int, int]) -> csr_array:
    matrix = csr_array(coo_array((np.ones(len(pairs), dtype=np.float32), (pairs[:, 0], pairs[:, 1])), shape=shape))
    matrix.sum_duplicates()
    matrix.data[:] = 1.0
    matrix.sort_indices()
    return matrix


def interaction_matrix(citations: csr_array, libraries: csr_array) -> csr_array:
    """Who has which papers: a row for each paper that cites any, then one for each reader who keeps any.

    A reader's library is to ALS what a paper's reference list is: things that one mind put together. Values are
    confidences, 1 of all that is cited.
    """
    stacked = csr_array(vstack([citations, libraries], format="csr"))
    return csr_array(stacked[np.flatnonzero(np.diff(stacked.indptr))])


def offsets_and_rows(matrix: csr_array) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int32]]:
    """The two arrays that hold a CSR matrix of links in a bundle, rows ascending within each paper."""
    matrix.sort_indices()
    return matrix.indptr.astype(np.int64), matrix.indices.astype(np.int32)
