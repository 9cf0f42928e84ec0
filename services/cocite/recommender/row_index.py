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
    """An index from its bytes, uint8 (any,), as training/indexes.py makes them. Thread-safe.

    How many lists a search reads is in the bytes. Raises CorruptData when they are no index.
    """

    def __init__(self, data: npt.NDArray[np.uint8]) -> None:
        import faiss

        self._faiss: Any = faiss
        self._data = data  # parts of the index are views of it
        try:
            reader = self._faiss.ZeroCopyIOReader(self._faiss.swig_ptr(data), data.size)
            self._index: Any = faiss.read_index(reader)
        except RuntimeError as error:
            raise CorruptData(f"an index cannot be read: {str(error).splitlines()[0]}") from error
        if not isinstance(self._index, faiss.IndexIVFPQFastScan):
            raise CorruptData("an index is of another kind than this release reads")

    @classmethod
    def of(cls, data: npt.NDArray[np.uint8], shape: tuple[int, ...]) -> "RowIndex | None":
        """The index of a matrix (n, d), or None for no bytes: a matrix of few rows has none."""
        if not data.size:
            return None
        index = cls(data)
        if index._index.d != shape[1] or index._index.ntotal > shape[0]:
            raise CorruptData(f"an index of {index._index.ntotal} rows is none of a matrix {shape}")
        return index

    def search(self, aim: Floats, count: int, passing: Passing | None = None) -> tuple[Rows, Floats]:
        """At most count rows that pass, best first, and about what they score: the dot product over the root of a
        row's length. The fewer pass, the more lists are read, so that as many of them are looked at.
        """  # fmt: skip
        parameters = self._faiss.SearchParametersIVF(nprobe=self._index.nprobe)
        if passing is not None:
            selector = self._faiss.IDSelectorBitmap(passing.bits)
            widened = min(self._index.nprobe / max(passing.share, 1e-9), self._index.nlist)
            parameters = self._faiss.SearchParametersIVF(sel=selector, nprobe=int(widened))
        scores, rows = self._index.search(aim[None], count, params=parameters)
        found = rows[0] >= 0
        return rows[0][found], scores[0][found]
