"""Compiled: the heaviest of many, without sorting them."""

import numpy as np
import numpy.typing as npt
from numba import types

from cocite.recommender.compiled import FLOAT64S, INT64S, compiled

Places = npt.NDArray[np.int64]
Doubles = npt.NDArray[np.float64]

_BINS = 8192  # by the exponent and five bits more of a float32
_SHIFT = 18
_PLACES = types.int64[::1]


@compiled(_PLACES(FLOAT64S))
def _bins(values: Doubles) -> Places:
    """Of each value (k,) not below 0 a number from 0 to _BINS - 1 that rises with it; 0 for 0 alone."""
    bits = values.astype(np.float32).view(np.int32)
    bins = np.empty(values.size, dtype=np.int64)
    for at in range(values.size):
        bins[at] = max(bits[at] >> _SHIFT, 1) if values[at] > 0.0 else 0
    return bins


@compiled(types.float64(FLOAT64S, INT64S, types.int64, types.int64))
def _bound(values: Doubles, bins: Places, lowest: int, count: int) -> float:
    """The value that is at place count, from 1, among those of the bin lowest, highest first."""
    inside = np.sort(values[bins == lowest])
    return inside[inside.size - count]  # type: ignore[no-any-return]  # a float


@compiled(_PLACES(FLOAT64S, types.int64))
def heaviest(values: Doubles, most: int) -> Places:
    """Places of the at most most highest of values (k,), in their order; of equals the first. Values of 0, the least
    there may be, are left out.
    """  # fmt: skip
    bins = _bins(values)
    counts = np.zeros(_BINS, dtype=np.int64)
    for at in range(values.size):
        counts[bins[at]] += 1
    above, lowest = 0, _BINS - 1
    while lowest > 0 and above + counts[lowest] <= most:
        above += counts[lowest]
        lowest -= 1
    bound = _bound(values, bins, lowest, most - above) if lowest > 0 and most > above else np.inf
    higher = above
    if lowest > 0:
        for at in range(values.size):
            higher += bins[at] == lowest and values[at] > bound
    ties = most - higher
    places = np.empty(min(values.size, most), dtype=np.int64)
    to = 0
    for at in range(values.size):
        tied = lowest > 0 and values[at] == bound
        if bins[at] > lowest or (lowest > 0 and values[at] > bound) or (tied and ties > 0):
            ties -= tied
            places[to] = at
            to += 1
    return places[:to]
