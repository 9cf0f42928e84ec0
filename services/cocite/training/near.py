"""Text neighbours both ways: a walker goes to the papers that are near one, and to those that it is near to."""

from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_array

from cocite.recommender import layout
from cocite.training.sparse_rows import heaviest, heaviest_first
from cocite.training.text_neighbours import NeighbourTable

MOST_NEAR = 64  # of a paper, the most alike: some are near to thousands


def near_arrays(table: NeighbourTable) -> dict[str, npt.NDArray[Any]]:
    """The near papers of a bundle, with shares by squared likeness, of which each of both ways counts its own."""
    count = len(table.rows)
    known = table.rows >= 0
    offsets = np.concatenate(([0], np.cumsum(np.count_nonzero(known, axis=1))))
    one_way = csr_array((table.likeness[known] ** 2, table.rows[known], offsets), shape=(count, count))
    one_way.sort_indices()
    both = heaviest(csr_array(one_way + one_way.T), MOST_NEAR)
    owners = np.repeat(np.arange(count), np.diff(both.indptr))
    totals = np.bincount(owners, weights=both.data, minlength=count)
    both.data = (both.data / np.maximum(totals, 1e-12)[owners]).astype(np.float32)
    starts, rows, shares = heaviest_first(both)
    return {layout.NEAR_OFFSETS: starts, layout.NEAR: rows, layout.NEAR_SHARES: shares}
