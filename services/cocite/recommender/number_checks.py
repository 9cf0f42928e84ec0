"""What the numbers of a bundle must be; each check raises CorruptData that names the array at fault."""

import numpy as np
import numpy.typing as npt

from cocite.core.errors import CorruptData

_BLOCK_ROWS = 65536
NORM_TOLERANCE = 0.01  # float16 keeps three digits


def check_offsets(name: str, offsets: npt.NDArray[np.int64], end: int) -> None:
    """Offsets rise, or stay, from 0 to end."""
    if offsets[0] != 0 or offsets[-1] != end or not (offsets[1:] >= offsets[:-1]).all():
        raise CorruptData(f"{name} is no row of offsets from 0 to {end}")


def check_range(name: str, values: npt.NDArray[np.int32], low: int, end: int) -> None:
    """All values are from low on and below end."""
    if values.size and not (low <= values.min() and values.max() < end):
        raise CorruptData(f"{name} holds a number outside {low} to {end - 1}")


def check_ascending_within(name: str, offsets: npt.NDArray[np.int64], rows: npt.NDArray[np.int32]) -> None:
    """The rows of each paper, as offsets part them, ascend."""
    if not _all_within(offsets, rows[1:] > rows[:-1]):
        raise CorruptData(f"{name} is not ascending within a paper")


def check_falling_within(name: str, offsets: npt.NDArray[np.int64], weights: npt.NDArray[np.float32]) -> None:
    """The weights of each term, as offsets part them, fall, or stay."""
    if not _all_within(offsets, weights[1:] <= weights[:-1]):
        raise CorruptData(f"{name} is not falling within a term")


def check_ascending_ties(
    name: str, offsets: npt.NDArray[np.int64], rows: npt.NDArray[np.int32], weights: npt.NDArray[np.float32]
) -> None:
    """The rows of each term, as offsets part them, ascend where their weights are equal."""
    if not _all_within(offsets, (weights[1:] != weights[:-1]) | (rows[1:] > rows[:-1])):
        raise CorruptData(f"{name} is not ascending where weights are equal")


def _all_within(offsets: npt.NDArray[np.int64], steps: npt.NDArray[np.bool_]) -> bool:
    """Whether all steps from one entry to the next hold, but for those from one part to the next."""
    starts = offsets[1:-1]
    steps[starts[(starts > 0) & (starts <= steps.size)] - 1] = True
    return bool(steps.all())


def check_finite(name: str, values: npt.NDArray[np.floating]) -> None:
    """No number is infinite or none."""
    for start in range(0, len(values), _BLOCK_ROWS):
        if not np.isfinite(values[start : start + _BLOCK_ROWS]).all():
            raise CorruptData(f"{name} holds a number that is not finite")


def check_positive_definite(name: str, matrix: npt.NDArray[np.float32]) -> None:
    """The matrix (f, f) is the inverse of a regularised Gram matrix."""
    try:
        np.linalg.cholesky(matrix.astype(np.float64))
    except np.linalg.LinAlgError:
        raise CorruptData(f"{name} is not the inverse of a regularised Gram matrix") from None


def check_norms(name: str, vectors: npt.NDArray[np.float16]) -> None:
    """Each vector has norm 1 or 0."""
    for start in range(0, len(vectors), _BLOCK_ROWS):
        norms = np.linalg.norm(vectors[start : start + _BLOCK_ROWS].astype(np.float32), axis=1)
        if not ((np.abs(norms - 1.0) < NORM_TOLERANCE) | (norms == 0.0)).all():
            raise CorruptData(f"{name} holds a vector whose length is neither 1 nor 0")
