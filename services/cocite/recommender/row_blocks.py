"""A matrix whose rows lie in several arrays, so that rows can be added without copying those that are there."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float32]
_RESIDENT_NUMBERS = 64 * 1024 * 1024  # blocks up to this many numbers are kept as float32: 256 MB
_BLOCK_ROWS = 8192  # of a larger one converted at a time


class RowBlocks:
    """A read-only matrix, shape (n, d), that gives float32 whatever its blocks hold. Thread-safe.

    numpy converts float16 slowly: 10,000 vectors cost more than all else in a query together. So float16 blocks are
    converted once, as far as memory allows, and shared by every matrix that is made from this one.
    """

    def __init__(self, first: npt.NDArray[np.floating]) -> None:
        self._blocks: tuple[npt.NDArray[np.floating], ...] = (_resident(first),)
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
        longer._blocks = (*self._blocks, _resident(rows))
        longer._starts = (*self._starts, len(self) + len(rows))
        return longer

    def __getitem__(self, rows: int | Sequence[int] | npt.NDArray[np.integer]) -> Floats:
        """One row (d,), or rows (k, d) of places (k,)."""
        places = np.asarray(rows, dtype=np.int64)
        if len(self._blocks) == 1:
            return np.asarray(self._blocks[0][places], dtype=np.float32)
        found = np.empty((*places.shape, self.shape[1]), dtype=np.float32)
        for start, end, block in zip(self._starts[:-1], self._starts[1:], self._blocks, strict=True):
            inside = (places >= start) & (places < end)
            found[inside] = block[places[inside] - start]
        return found

    def __matmul__(self, vector: npt.NDArray[np.floating]) -> Floats:
        """Dot product of each row with vector (d,), a new array (n,)."""
        products = np.empty(len(self), dtype=np.float32)
        for start, block in zip(self._starts, self._blocks, strict=False):
            step = max(1, len(block)) if block.dtype == np.float32 else _BLOCK_ROWS
            for low in range(0, len(block), step):
                part = block[low : low + step].astype(np.float32, copy=False)
                products[start + low : start + low + len(part)] = part @ vector
        return products

    def nonzero_rows(self) -> npt.NDArray[np.bool_]:
        """True for each row that is not zero throughout, (n,)."""
        return np.concatenate([np.any(block, axis=1) for block in self._blocks])

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> npt.NDArray[Any]:
        """All rows in one array, a copy."""
        return np.concatenate(self._blocks).astype(dtype or np.float32)


def _resident(block: npt.NDArray[np.floating]) -> npt.NDArray[np.floating]:
    return block.astype(np.float32, copy=False) if block.size <= _RESIDENT_NUMBERS else block
