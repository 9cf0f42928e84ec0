"""Compiled: few of many rows numbered as they come, so that sums over them fit into the cache of a core.

A table of slots, a power of two of them, holds a number or -1 in each; a row's number is in the first slot from its
own on that holds it (open addressing with linear probing; Knuth 1973, 6.4). rows has at each number the row.
"""

import numpy as np
import numpy.typing as npt
from numba import types

from cocite.recommender.compiled import FLOAT32S, INT32S, INT64S, compiled
from cocite.recommender.csr import Rows32, Rows64

Slots = npt.NDArray[np.int32]
Floats = npt.NDArray[np.float32]

_INT32S = types.int32[::1]
_GOLDEN = np.uint64(0x9E3779B97F4A7C15)  # 2^64 over the golden ratio: close rows get slots far apart


@compiled(_INT32S(types.int64))
def empty_slots(count: int) -> Slots:
    """A table for at most count rows, at most half full."""
    size = 16
    while size < 2 * count:
        size *= 2
    return np.full(size, -1, dtype=np.int32)


@compiled(types.int64(types.int64, types.int32))
def _slot(size: int, row: int) -> int:
    mixed = np.uint64(np.uint32(row)) * _GOLDEN
    return int(np.int64(mixed >> np.uint64(32)) & (size - 1))


@compiled(types.int64(_INT32S, _INT32S, types.int64, INT32S, _INT32S))
def numbered(slots: Slots, rows: Rows32, count: int, wanted: Rows32, numbers: Rows32) -> int:
    """Write the number of each of wanted (k,) into numbers (k,); rows that have none get the next, from count on, which
    there must be room for. How many rows have a number now.
    """  # fmt: skip
    size = slots.size
    for at in range(wanted.size):
        row = wanted[at]
        slot = _slot(size, row)
        number = slots[slot]
        while number >= 0 and rows[number] != row:
            slot = (slot + 1) & (size - 1)
            number = slots[slot]
        if number < 0:
            number = count
            slots[slot] = count
            rows[count] = row
            count += 1
        numbers[at] = number
    return count


@compiled(types.int64(INT32S, INT32S, types.int32))
def number_of(slots: Slots, rows: Rows32, row: int) -> int:
    """The number of a row, -1 where it has none."""
    slot = _slot(slots.size, row)
    number: int = slots[slot]
    while number >= 0 and rows[number] != row:
        slot = (slot + 1) & (slots.size - 1)
        number = slots[slot]
    return number


@compiled(types.float32[::1](INT32S, INT32S, FLOAT32S, INT64S))
def looked_up(slots: Slots, rows: Rows32, scores: Floats, wanted: Rows64) -> Floats:
    """Score of each of wanted (k,), -inf for those without a number."""
    found = np.empty(wanted.size, dtype=np.float32)
    for at in range(wanted.size):
        number = number_of(slots, rows, wanted[at])
        found[at] = scores[number] if number >= 0 else -np.inf
    return found
