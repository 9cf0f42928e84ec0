"""Approximate search for the rows of a matrix that have the largest dot product with a vector.

An inverted file (Jegou, Douze, Schmid 2011): rows lie in lists by their direction, each as 4 bits for every two
dimensions, and a search reads the lists that point where its aim does, 32 rows at a time (Andre, Kermarrec, Le
Scouarnec 2015). Rows are divided by the root of their length before: one order between that of dot products and that of
cosines, from which both are near. What is found is rough: whoever asks scores it exactly.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from cocite.core.errors import CorruptData
from cocite.recommender.ranking.fusion import best_first

_WIDENING = 0.8  # how nearness falls with the share of rows that pass; measured by tests/load/index.py
_READ_FOR_ONE = 4  # rows that pass, read for each that is wanted, so that a list is full
_NEARNESS = np.dtype("<f8")
LEAST_ROWS = 50_000  # of a matrix that is given an index: fewer are looked at one by one

Floats = npt.NDArray[np.float32]
Rows = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Passing:
    """Which rows may be found: bits uint8, bit r % 8 of byte r // 8 for row r; what share of all rows they are; where
    they are few, the rows themselves, ascending.
    """  # fmt: skip

    bits: npt.NDArray[np.uint8]
    share: float
    few: npt.NDArray[np.int64] | None


class RowIndex:
    """An index from its bytes, uint8 (any,), as bytes_of gives them. Thread-safe.

    A search reads the lists whose direction has at least a share of the dot product with its aim that the nearest has,
    nearness, and more where those hold too few rows. An aim at one topic reads few lists, one between topics more.
    Raises CorruptData for other bytes.
    """

    def __init__(self, data: npt.NDArray[np.uint8]) -> None:
        import faiss

        self._faiss: Any = faiss
        self._data = data  # parts of the index are views of it
        try:
            reader = self._faiss.ZeroCopyIOReader(self._faiss.swig_ptr(data), max(data.size - _NEARNESS.itemsize, 0))
            index: Any = faiss.read_index(reader)
        except RuntimeError as error:
            raise CorruptData(f"an index cannot be read: {str(error).splitlines()[0]}") from error
        if not isinstance(index, faiss.IndexIVFPQFastScan):
            raise CorruptData("an index is of another kind than this release reads")
        self._index: Any = index
        self.nearness = float(data[-_NEARNESS.itemsize :].view(_NEARNESS)[0])
        self._directions: Floats = self._index.quantizer.reconstruct_n(0, index.nlist)
        lists: Any = index.invlists
        self._sizes = np.array([lists.list_size(place) for place in range(index.nlist)])

    @classmethod
    def of(cls, data: npt.NDArray[np.uint8], shape: tuple[int, ...]) -> "RowIndex | None":
        """The index of a matrix (n, d), or None for no bytes: a matrix of few rows has none."""
        if not data.size:
            return None
        index = cls(data)
        fits = index._index.d == shape[1] and index._index.ntotal <= shape[0] and 0.0 <= index.nearness <= 1.0
        if not (fits and index._all_below(shape[0])):
            raise CorruptData(f"an index of {index._index.ntotal} rows is none of a matrix {shape}")
        return index

    def _all_below(self, end: int) -> bool:
        """Whether all rows that a search may find are from 0 on and below end."""
        for place in np.flatnonzero(self._sizes).tolist():
            rows = self._faiss.rev_swig_ptr(self._index.invlists.get_ids(place), int(self._sizes[place]))
            if rows.min() < 0 or rows.max() >= end:
                return False
        return True

    def search(self, aim: Floats, count: int, passing: Passing | None = None) -> Rows:
        """At most count rows that pass, about those of the highest dot product over the root of a row's length.

        The fewer pass, the more lists are read.
        """
        near = self._directions @ aim
        lists = self._lists(near, count, 1.0 if passing is None else passing.share)
        of, products = self._faiss.swig_ptr, near[lists]
        scores, rows = np.empty(count, dtype=np.float32), np.empty(count, dtype=np.int64)
        selector = None if passing is None else self._faiss.IDSelectorBitmap(passing.bits)
        parameters = self._faiss.SearchParametersIVF(sel=selector, nprobe=lists.size)
        self._index.search_preassigned_c(
            1, of(aim), count, of(lists), of(products), of(scores), of(rows), False, parameters
        )
        return rows[rows >= 0]

    def _lists(self, near: Floats, count: int, share: float) -> Rows:
        """Lists (k,) to read for count rows where such a share of rows passes; near (lists,) are their products."""
        bound = min(self.nearness * share**_WIDENING, 1.0) * max(float(near.max()), 0.0)
        lists = np.flatnonzero(near >= bound)
        enough = _READ_FOR_ONE * count / max(share, 1e-9)
        if self._sizes[lists].sum() < enough:
            order = best_first(np.arange(near.size), near)
            lists = order[: np.searchsorted(np.cumsum(self._sizes[order]), enough) + 1]
        return lists


def bytes_of(index: Any, nearness: float) -> npt.NDArray[np.uint8]:
    """A faiss index and the nearness in one array."""
    import faiss

    return np.concatenate((faiss.serialize_index(index), np.array([nearness], dtype=_NEARNESS).view(np.uint8)))
