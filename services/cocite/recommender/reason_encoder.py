"""Compiled: reasons as the code of reason_code.py. Functions that write return where they ended."""

import numpy as np
import numpy.typing as npt

from cocite.recommender.compiled import compiled
from cocite.recommender.machine_code import BUFFER, Bytes
from cocite.recommender.reason_code import ARGUMENT, SHARED_TERMS, TEXT_LIKENESS

_INTS, _COUNTS = "Array(int32, 3, 'C', readonly=True)", "Array(int64, 1, 'C', readonly=True)"
_MOST = 16  # bytes of a kind, a seed and a count


@compiled(f"int64({BUFFER}, int64, int64)", inlined=True)
def append_varint(out: Bytes, to: int, number: int) -> int:
    """Write a number not below 0 from a place on, in base 128."""
    while number >= 128:
        out[to] = number & 127 | 128
        number >>= 7
        to += 1
    out[to] = number
    return to + 1


@compiled(f"int64({BUFFER}, int64, float64)", inlined=True)
def append_single(out: Bytes, to: int, number: float) -> int:
    """Write a float32 from a place on, little-endian."""
    cell = np.empty(1, dtype=np.float32)
    cell[0] = number
    for place, byte in enumerate(cell.view(np.uint8)):
        out[to + place] = byte
    return to + 4


@compiled(f"uint8[::1]({_COUNTS}, {_INTS}, Array(float64, 2, 'C', readonly=True), {_INTS})")
def encoded(
    counts: npt.NDArray[np.int64],
    heads: npt.NDArray[np.int32],
    values: npt.NDArray[np.float64],
    arguments: npt.NDArray[np.int32],
) -> Bytes:
    """The code of evidence.Reasons with these arrays."""
    room = counts.size * (1 + heads.shape[1] * (_MOST + 5 * arguments.shape[2]))
    out = np.empty(room, dtype=np.uint8)
    to = 0
    for place in range(counts.size):
        to = append_varint(out, to, counts[place])
        for at in range(counts[place]):
            kind, seed, shown = heads[place, at, 0], heads[place, at, 1], heads[place, at, 2]
            out[to] = kind + ARGUMENT * shown
            to = append_varint(out, to + 1, seed + 1)
            if kind == TEXT_LIKENESS:
                to = append_single(out, to, values[place, at])
            elif kind != SHARED_TERMS:
                to = append_varint(out, to, int(values[place, at]))
            for argument in range(shown):
                to = append_varint(out, to, arguments[place, at, argument])
    return out[:to].copy()
