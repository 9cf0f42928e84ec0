"""Compiled: the list that belongs to one row, as it lies in memory, and what two lists share.

Lists that belong to no row come as a pair: values int32, and int64 places at which those of each owner start, and end.
Values of one list ascend.
"""

import numpy as np
import numpy.typing as npt
from numba import types

from cocite.recommender.compiled import FLOAT32S, INT32S, INT64S, compiled, tuple_of
from cocite.recommender.csr import Links
from cocite.recommender.retrieval.gathering import LINKS

Values = npt.NDArray[np.int32]
Floats = npt.NDArray[np.float32]
Owned = tuple[Values, npt.NDArray[np.int64]]
Weighted = tuple[Links, tuple[Floats, Floats]]

OWNED = tuple_of(INT32S, INT64S)
WEIGHTED = tuple_of(LINKS, tuple_of(FLOAT32S, FLOAT32S))  # Postings.arrays
_MANY_TIMES = 16  # longer a list must be, to be searched rather than read


@compiled(tuple_of(*[types.int64] * 4)(LINKS, types.int64), inlined=True)
def bounds(links: Links, row: int) -> tuple[int, int, int, int]:
    """Where the list of a row begins and ends, in the first layer, then in the second."""
    offsets, _, sources, added_offsets, _ = links
    begin = end = added_begin = added_end = 0
    if row + 1 < offsets.size:
        begin, end = offsets[row], offsets[row + 1]
    if sources.size:
        place = np.searchsorted(sources, row)
        if place < sources.size and sources[place] == row:
            added_begin, added_end = added_offsets[place], added_offsets[place + 1]
    return begin, end, added_begin, added_end


@compiled(INT32S(LINKS, types.int64), inlined=True)
def linked(links: Links, row: int) -> Values:
    """What a row links to."""
    begin, end, added_begin, added_end = bounds(links, row)
    first = links[1][begin:end]
    return first if added_begin == added_end else np.concatenate((first, links[4][added_begin:added_end]))


@compiled(FLOAT32S(WEIGHTED, types.int64), inlined=True)
def weights_of(postings: Weighted, row: int) -> Floats:
    """The weights of what a row links to."""
    begin, end, added_begin, added_end = bounds(postings[0], row)
    first = postings[1][0][begin:end]
    return first if added_begin == added_end else np.concatenate((first, postings[1][1][added_begin:added_end]))


@compiled(INT32S(OWNED, types.int64), inlined=True)
def owned_by(owned: Owned, owner: int) -> Values:
    """The values of one owner."""
    values, starts = owned
    return values[starts[owner] : starts[owner + 1]]


@compiled(types.int64(INT32S, INT32S, types.int32[::1]))
def common(one: Values, other: Values, out: Values) -> int:
    """How many values two ascending arrays share; they are written to out as far as it has room."""
    few, many = (one, other) if one.size <= other.size else (other, one)
    count, at = 0, 0
    searched = few.size * _MANY_TIMES < many.size
    for value in few:
        if searched:
            at += np.searchsorted(many[at:], value)
        else:
            while at < many.size and many[at] < value:
                at += 1
        if at == many.size:
            break
        if many[at] == value:
            if count < out.size:
                out[count] = value
            count += 1
    return count


@compiled(types.int64(INT32S, types.float64[::1], types.int32[::1]))
def write_highest(values: Values, order: npt.NDArray[np.float64], out: Values) -> int:
    """Write to out those values of the highest order, ties as they come, and return how many. order is used up."""
    written = min(values.size, out.size)
    for to in range(written):
        best = np.argmax(order)
        out[to] = values[best]
        order[best] = -np.inf
    return written
