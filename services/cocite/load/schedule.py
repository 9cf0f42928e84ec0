"""When calls of a fixed rate are due."""

import numpy as np
import numpy.typing as npt

from cocite.core.errors import InvalidArgument

MAX_CALLS = 20_000_000  # of one window; 8 bytes each


def even(rate: float, seconds: float) -> npt.NDArray[np.float64]:
    """Seconds from the start of every call, ascending: one each 1 / rate."""
    return np.arange(_calls(rate, seconds), dtype=np.float64) / rate


def poisson(rate: float, seconds: float, seed: int) -> npt.NDArray[np.float64]:
    """The same of a Poisson process: as many callers who know nothing of each other make it."""
    rng = np.random.default_rng(seed)
    count = rng.poisson(_calls(rate, seconds))
    return np.sort(rng.random(count)) * seconds  # given their number, arrivals are uniform


def _calls(rate: float, seconds: float) -> int:
    if not rate > 0 or not seconds > 0 or not rate * seconds <= MAX_CALLS:
        said = f"rate: {rate:g} calls a second for {seconds:g} s must be over 0, and at most {MAX_CALLS:,} calls"
        raise InvalidArgument(said, field="rate")
    return max(1, round(rate * seconds))
