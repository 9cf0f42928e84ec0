"""A matrix whose rows lie in several arrays, so that rows can be added without copying those that are there."""

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from cocite.recommender.row_kernels import copies, lengths, products

Floats = npt.NDArray[np.float32]
Rows = npt.NDArray[np.int64]


class RowBlocks:
    """A read-only matrix, shape (n, d), that gives float32 whether its blocks hold that or float16. Thread-safe.

    Nothing is kept converted: a mapped matrix takes no memory of the process.
    """

    def __init__(self, first: npt.NDArray[np.floating]) -> None:
        self._blocks: tuple[npt.NDArray[np.floating], ...] = (first,)
        self._starts: tuple[int, ...] = (0, len(first))

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns."""
        return self._starts[-1], int(self._blocks[0].shape[1])

    @property
    def blocks(self) -> tuple[npt.NDArray[np.floating], ...]:
        """The arrays that hold the rows, in their order."""
        return self._blocks

    def __len__(self) -> int:
        return self._starts[-1]

    def with_rows(self, rows: npt.NDArray[np.floating]) -> "RowBlocks":
        """The matrix with rows (k, d) added at its end; nothing that is there is copied."""
        longer = RowBlocks.__new__(RowBlocks)
        longer._blocks = (*self._blocks, rows)
        longer._starts = (*self._starts, len(self) + len(rows))
        return longer

    def __getitem__(self, rows: int | Sequence[int] | npt.NDArray[np.integer]) -> Floats:
        """One row (d,), or rows (k, d) of places (k,). Raises IndexError for one that is not there."""
        places = np.asarray(rows, dtype=np.int64)
        found = np.empty((places.size, self.shape[1]), dtype=np.float32)
        for inside, block, within in self._parts(places.ravel()):
            found[inside] = copies(block, within)
        return found.reshape(*places.shape, self.shape[1])

    def products(self, rows: npt.NDArray[np.integer], aim: Floats) -> Floats:
        """Dot product of each of rows (k,) with aim (d,), float32 (k,). Raises IndexError for one that is not there."""
        found = np.empty(len(rows), dtype=np.float32)
        for inside, block, within in self._parts(rows):
            found[inside] = products(block, within, aim)
        return found

    def lengths(self, rows: npt.NDArray[np.integer]) -> Floats:
        """L2 norm of each of rows (k,), float32 (k,). Raises IndexError for one that is not there."""
        found = np.empty(len(rows), dtype=np.float32)
        for inside, block, within in self._parts(rows):
            found[inside] = lengths(block, within)
        return found

    def _parts(self, rows: npt.NDArray[np.integer]) -> Iterator[tuple[Any, npt.NDArray[np.floating], Rows]]:
        """For each block that holds any of rows (k,): which of them, the block, and their places in it."""
        if rows.size and not (rows.min() >= 0 and rows.max() < len(self)):
            raise IndexError(f"rows go from 0 to {len(self) - 1}")
        places = np.ascontiguousarray(rows, dtype=np.int64)
        if len(self._blocks) == 1:
            yield slice(None), self._blocks[0], places
            return
        for start, end, block in zip(self._starts[:-1], self._starts[1:], self._blocks, strict=True):
            inside = (places >= start) & (places < end)
            if inside.any():
                yield inside, block, places[inside] - start

    def __matmul__(self, vector: npt.NDArray[np.floating]) -> Floats:
        """Dot product of each row with vector (d,), a new array (n,)."""
        aim = np.ascontiguousarray(vector, dtype=np.float32)
        return np.concatenate([products(block, np.arange(len(block)), aim) for block in self._blocks])

    def has_nonzero(self) -> bool:
        """Whether any row is not zero throughout; looks no further than the first."""
        return any(row.any() for block in self._blocks for row in block)

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> npt.NDArray[Any]:
        """All rows in one array, a copy."""
        return np.concatenate(self._blocks).astype(dtype or np.float32)
