"""Hiding references, so that a model can be asked for what it has not seen."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_array

HIDDEN_SHARE = 0.2
LEAST_REFERENCES = 5  # a paper with fewer loses too much of what it is asked by


@dataclass(frozen=True, slots=True)
class Split:
    """citations without what is hidden, and for each query its row and the rows of its hidden references."""

    citations: csr_array
    queries: npt.NDArray[np.int64]
    hidden: tuple[npt.NDArray[np.int64], ...]


def hide_references(citations: csr_array, seed: int) -> Split:
    """Hide a fifth of the references of every paper that has at least five, chosen by seed.

    citations has a row for each citing paper. No query where no paper has that many.
    """
    generator = np.random.default_rng(seed)
    queries = np.flatnonzero(np.diff(citations.indptr) >= LEAST_REFERENCES)
    visible = np.ones(citations.nnz, dtype=np.bool_)
    hidden = []
    for row in queries:
        start, end = citations.indptr[row], citations.indptr[row + 1]
        chosen = start + generator.choice(end - start, size=int((end - start) * HIDDEN_SHARE), replace=False)
        visible[chosen] = False
        hidden.append(np.sort(citations.indices[chosen]).astype(np.int64))
    return Split(_keep(citations, visible), queries.astype(np.int64), tuple(hidden))


def _keep(matrix: csr_array, kept: npt.NDArray[np.bool_]) -> csr_array:
    offsets = np.concatenate(([0], np.cumsum(kept)))[matrix.indptr]
    return csr_array((matrix.data[kept], matrix.indices[kept], offsets), shape=matrix.shape)
