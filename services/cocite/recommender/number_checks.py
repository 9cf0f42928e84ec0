"""What the numbers of a bundle must be; each check raises CorruptData that names the array at fault."""

import numpy as np
import numpy.typing as npt
from numba import types

from cocite.core.errors import CorruptData
from cocite.recommender.compiled import FLOAT32S, INT32S, INT64S, compiled, tuple_of
from cocite.recommender.row_kernels import lengths

Offsets = npt.NDArray[np.int64]

_BLOCK_ROWS = 4096
_BITS = {  # by the bytes of a number: the same as an integer, and its exponent
    2: (np.uint16, np.uint16(0x7C00)),
    4: (np.uint32, np.uint32(0x7F800000)),
    8: (np.uint64, np.uint64(0x7FF0000000000000)),
}
NORM_TOLERANCE = 0.01  # float16 keeps three digits


def check_offsets(name: str, offsets: Offsets, end: int) -> None:
    """Offsets rise, or stay, from 0 to end."""
    if offsets[0] != 0 or offsets[-1] != end or not (offsets[1:] >= offsets[:-1]).all():
        raise CorruptData(f"{name} is no row of offsets from 0 to {end}")


def check_range(name: str, values: npt.NDArray[np.int32], low: int, end: int) -> None:
    """All values are from low on and below end."""
    if values.size and not (low <= values.min() and values.max() < end):
        raise CorruptData(f"{name} holds a number outside {low} to {end - 1}")


def check_share(name: str, values: npt.NDArray[np.float32]) -> None:
    """All values are from 0 to 1."""
    if values.size and not (values.min() >= 0.0 and values.max() <= 1.0 + NORM_TOLERANCE):
        raise CorruptData(f"{name} holds a number outside 0 to 1")


def check_ascending_within(name: str, offsets: Offsets, rows: npt.NDArray[np.int32]) -> None:
    """The rows of each paper, as offsets part them, ascend."""
    if not _ascend(offsets, rows):
        raise CorruptData(f"{name} is not ascending within a paper")


def check_impact_order(
    names: tuple[str, str], offsets: Offsets, rows: npt.NDArray[np.int32], weights: npt.NDArray[np.float32]
) -> None:
    """The weights of each term, as offsets part them, fall, or stay and rows ascend. names: of rows and weights."""
    falling, ascending = _falls(offsets, rows, weights)
    if not falling:
        raise CorruptData(f"{names[1]} is not falling within a term")
    if not ascending:
        raise CorruptData(f"{names[0]} is not ascending where weights are equal")


@compiled(types.boolean(INT64S, INT32S))
def _ascend(offsets: Offsets, rows: npt.NDArray[np.int32]) -> bool:
    for part in range(offsets.size - 1):
        for place in range(offsets[part] + 1, offsets[part + 1]):
            if rows[place] <= rows[place - 1]:
                return False
    return True


@compiled(tuple_of(types.boolean, types.boolean)(INT64S, INT32S, FLOAT32S))
def _falls(offsets: Offsets, rows: npt.NDArray[np.int32], weights: npt.NDArray[np.float32]) -> tuple[bool, bool]:
    """Whether weights fall, and whether rows ascend where they do not."""
    ascending = True
    for part in range(offsets.size - 1):
        for place in range(offsets[part] + 1, offsets[part + 1]):
            if not weights[place] < weights[place - 1]:
                if weights[place] != weights[place - 1]:
                    return False, ascending
                ascending = ascending and rows[place] > rows[place - 1]
    return True, ascending


def check_finite(name: str, values: npt.NDArray[np.floating]) -> None:
    """No number is infinite or none: the exponent of those has all bits set."""
    bits, exponent = _BITS[values.dtype.itemsize]
    for start in range(0, len(values), _BLOCK_ROWS):
        block = values[start : start + _BLOCK_ROWS].view(bits)
        if block.size and (block & exponent).max() == exponent:
            raise CorruptData(f"{name} holds a number that is not finite")


def check_positive_definite(name: str, matrix: npt.NDArray[np.floating]) -> None:
    """The matrix (f, f) is a regularised Gram matrix, or the inverse of one."""
    try:
        np.linalg.cholesky(matrix.astype(np.float64))
    except np.linalg.LinAlgError:
        raise CorruptData(f"{name} is no regularised Gram matrix, nor the inverse of one") from None


def check_norms(name: str, vectors: npt.NDArray[np.float16]) -> None:
    """Each vector has norm 1 or 0."""
    norms = lengths(vectors, np.arange(len(vectors)))
    if not ((np.abs(norms - 1.0) < NORM_TOLERANCE) | (norms == 0.0)).all():
        raise CorruptData(f"{name} holds a vector whose length is neither 1 nor 0")
