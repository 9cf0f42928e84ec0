"""Compiled: the sums of reciprocal rank fusion (fusion.py)."""

import numpy as np
import numpy.typing as npt

from cocite.recommender.compiled import compiled

_INTS, _FLOATS = "Array(int64, 1, 'C', readonly=True)", "Array(float64, 1, 'C', readonly=True)"
_EMPTY = -1
_MIX = np.uint64(0x9E3779B97F4A7C15)  # 2^64 over the golden ratio: spreads neighbouring rows (Knuth 1973, section 6.4)


@compiled(f"Tuple((int64[::1], float64[::1]))({_INTS}, {_INTS}, {_FLOATS}, float64)")
def fused(
    rows: npt.NDArray[np.int64], ends: npt.NDArray[np.int64], weights: npt.NDArray[np.float64], k: float
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.float64]]:
    """Each of rows (m,) once, in no order, and the sum of weight / (k + rank) over the lists it is in.

    The lists lie one after another in rows, each up to its end, best first. Costs what the lists hold, not what the
    largest row is: the table of sums stays in the processor's cache.
    """
    bits = 4
    while (1 << bits) < 2 * rows.size:
        bits += 1
    shift, last = np.uint64(64 - bits), (1 << bits) - 1
    found = np.full(1 << bits, _EMPTY, dtype=np.int64)
    sums = np.empty(1 << bits, dtype=np.float64)
    start, count = 0, 0
    for place in range(ends.size):
        for at in range(start, ends[place]):
            slot = int(np.int64((np.uint64(rows[at]) * _MIX) >> shift))
            while found[slot] != _EMPTY and found[slot] != rows[at]:
                slot = (slot + 1) & last
            if found[slot] == _EMPTY:
                found[slot], sums[slot] = rows[at], 0.0
                count += 1
            sums[slot] += weights[place] / (k + (at - start + 1))
        start = ends[place]
    every, scores = np.empty(count, dtype=np.int64), np.empty(count, dtype=np.float64)
    to = 0
    for slot in range(found.size):
        if found[slot] != _EMPTY:
            every[to], scores[to] = found[slot], sums[slot]
            to += 1
    return every, scores
