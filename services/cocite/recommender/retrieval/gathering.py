"""Compiled: what some rows link to, as two arrays, and never more than is asked for.

LINKS is the type of Csr.arrays. Where a budget does not hold all that the sources link to, every source gives at most
as many as let the budget be kept, evenly from all over its list: short lists are read whole, and of long ones, which
tell less of each paper in them, a sample.
"""

from typing import Any

import numpy as np
import numpy.typing as npt
from numba import types

from cocite.recommender.compiled import FLOAT32S, INT32S, INT64S, compiled, tuple_of
from cocite.recommender.csr import Links, Rows32, Rows64

Graph = tuple[Links, Links, Links, Links]

LINKS = tuple_of(INT64S, INT32S, INT32S, INT64S, INT32S)
GRAPH = tuple_of(LINKS, LINKS, LINKS, LINKS)  # references, citing papers, papers of readers, readers of papers
_LINE = 16  # numbers of four bytes in a line of memory
_INT32S, _INT64S = types.int32[::1], types.int64[::1]


@compiled(types.int64(INT64S, types.int64))
def fair_share(lengths: Rows64, budget: int) -> int:
    """The largest share for which min(length, share) of all lengths add up to no more than budget; 1 at least."""
    total, longest = 0, 0
    for length in lengths:
        total += length
        longest = max(longest, length)
    if total <= budget:
        return longest
    rising = np.sort(lengths)
    left = budget
    for place in range(rising.size):
        share = left // (rising.size - place)
        if rising[place] > share:
            return max(share, 1)
        left -= rising[place]
    return longest


@compiled(types.int64(INT32S, types.int64))
def _place(ascending: Rows32, wanted: int) -> int:
    """Where wanted is in ascending, -1 where it is not."""
    low, high = 0, ascending.size
    while low < high:
        middle = (low + high) // 2
        if ascending[middle] < wanted:
            low = middle + 1
        else:
            high = middle
    return low if low < ascending.size and ascending[low] == wanted else -1


@compiled(tuple_of(_INT64S, _INT64S)(LINKS, INT32S))
def spans(links: Links, sources: Rows32) -> tuple[Rows64, Rows64]:
    """Starts and lengths of the lists of sources (k,), in the first layer, then in the second, (2k,) each."""
    offsets, _, added_sources, added_offsets, _ = links
    count = sources.size
    starts, lengths = np.zeros(2 * count, dtype=np.int64), np.zeros(2 * count, dtype=np.int64)
    for at in range(count):
        source = sources[at]
        if 0 <= source < offsets.size - 1:
            starts[at] = offsets[source]
            lengths[at] = offsets[source + 1] - offsets[source]
    if added_sources.size:
        for at in range(count):
            place = _place(added_sources, sources[at])
            if place >= 0:
                starts[count + at] = added_offsets[place]
                lengths[count + at] = added_offsets[place + 1] - added_offsets[place]
    return starts, lengths


@compiled([types.boolean(values, INT64S, INT64S) for values in (INT32S, FLOAT32S)])
def fetched(values: npt.NDArray[Any], starts: Rows64, lengths: Rows64) -> bool:
    """Asks for a number of each line of memory that the lists (k,) lie in, so that they come side by side and not one
    after another, when they are read. True, as none of the values is below 0: what nobody used would not be asked for.
    """  # fmt: skip
    least = values.dtype.type(0)
    for at in range(starts.size):
        for place in range(starts[at], starts[at] + lengths[at], _LINE):
            least = min(least, values[place])
    return least >= 0  # type: ignore[no-any-return]  # a truth


@compiled(tuple_of(_INT32S, _INT32S)(LINKS, INT32S, types.int64))
def gathered(links: Links, sources: Rows32, budget: int) -> tuple[Rows32, Rows32]:
    """What sources (k,) link to, and the place in sources that each is linked from; at most budget in all, or one from
    each source.

    Sources that are no rows, negative ones say, link to nothing.
    """
    _, rows, _, _, added_rows = links
    starts, lengths = spans(links, sources)
    most = fair_share(lengths, budget)
    counts = np.minimum(lengths, most)
    size = counts.sum() if fetched(rows, starts[: sources.size], counts[: sources.size]) else 0
    targets, owners = np.empty(size, dtype=np.int32), np.empty(size, dtype=np.int32)
    to = 0
    for at in range(starts.size):
        start, length, count = starts[at], lengths[at], counts[at]
        owner = at if at < sources.size else at - sources.size
        for step in range(count):
            place = start + (step if count == length else step * length // count)
            targets[to] = rows[place] if at < sources.size else added_rows[place]
            owners[to] = owner
            to += 1
    return targets, owners


@compiled(tuple_of(_INT32S, _INT32S)(GRAPH, INT32S, types.int64))
def papers_of(graph: Graph, lists: Rows32, budget: int) -> tuple[Rows32, Rows32]:
    """The papers in lists (k,), as gathered has them: row i is the reference list of paper i, ~i reader i's library."""
    papers, owners = gathered(graph[0], lists, budget)
    if graph[2][0].size == 1:
        return papers, owners
    kept, keepers = gathered(graph[2], ~lists, budget)
    return np.concatenate((papers, kept)), np.concatenate((owners, keepers))


@compiled(tuple_of(_INT32S, _INT32S)(GRAPH, INT32S, types.int64))
def holders_of(graph: Graph, papers: Rows32, budget: int) -> tuple[Rows32, Rows32]:
    """The lists that hold papers (k,), numbered as in papers_of, as gathered has them."""
    lists, owners = gathered(graph[1], papers, budget)
    if graph[2][0].size == 1:
        return lists, owners
    readers, of_readers = gathered(graph[3], papers, budget)
    return np.concatenate((lists, ~readers)), np.concatenate((owners, of_readers))


@compiled(_INT64S(LINKS, INT32S))
def link_counts(links: Links, sources: Rows32) -> Rows64:
    """How many rows each of sources (k,) links to."""
    _, lengths = spans(links, sources)
    return lengths[: sources.size] + lengths[sources.size :]


@compiled(_INT64S(GRAPH, INT32S))
def list_lengths(graph: Graph, lists: Rows32) -> Rows64:
    """How many papers each of lists (k,), numbered as in papers_of, holds."""
    lengths = link_counts(graph[0], lists)
    if graph[2][0].size > 1:
        lengths += link_counts(graph[2], ~lists)
    return lengths
