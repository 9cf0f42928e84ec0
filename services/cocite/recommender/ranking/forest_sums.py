"""The loop over candidates and trees of forest.Forest, as machine code."""

import numpy as np
import numpy.typing as npt
from numba import float64, types

from cocite.recommender.compiled import FLOAT32S, INT64S, compiled

Floats = npt.NDArray[np.float32]
# Times a power of two, its first six bits tell which power (Leiserson, Prokop and Randall 1998).
_DE_BRUIJN = np.uint64(0x03F79D71B4CB0A89)
BIT_PLACES = np.zeros(64, dtype=np.int8)
BIT_PLACES[[(int(_DE_BRUIJN) << bit & (1 << 64) - 1) >> 58 for bit in range(64)]] = range(64)


@compiled(
    [
        float64[::1](
            types.Array(types.float32, 2, "C", readonly=True),
            INT64S,
            INT64S,
            FLOAT32S,
            bits[:, ::1],
            float64[:, ::1],
            types.int8[::1],
        )
        for bits in (types.uint8, types.uint16, types.uint32, types.uint64)
    ]
)
def sums(
    values: Floats,
    features: npt.NDArray[np.int64],
    ends: npt.NDArray[np.int64],
    above: Floats,
    stay: npt.NDArray[np.unsignedinteger],
    leaves: npt.NDArray[np.float64],
    bit_places: npt.NDArray[np.int8],
) -> npt.NDArray[np.float64]:
    """Forest.scores. The tables of features lie one after another in above, up to ends, and in stay, which has two rows
    more of each.
    """  # fmt: skip
    sums = np.empty(len(values))
    left = np.empty(stay.shape[1], dtype=stay.dtype)
    for row in range(len(values)):
        left[:] = ~left.dtype.type(0)
        for place in range(features.size):
            value = values[row, features[place]]
            start, end = ends[place - 1] if place else 0, ends[place]
            count = np.int32(0)
            for other in above[start:end]:  # all of them at once, for less than a search takes to miss its branches
                count += np.int32(other <= value)
            ruled = stay[start + 2 * place + (end - start + 1 if np.isnan(value) else count)]
            for tree in range(left.size):
                left[tree] &= ruled[tree]
        total = 0.0
        for tree in range(left.size):
            mask = np.uint64(left[tree])
            total += leaves[tree, bit_places[((mask & (~mask + np.uint64(1))) * _DE_BRUIJN) >> np.uint64(58)]]
        sums[row] = total
    return sums
