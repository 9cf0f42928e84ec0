"""Co-citation at one remove: papers cite a result together with what a seed cites.

This is what a factorisation of citations goes by when nothing closer ties the two. As evidence it is weak, and
looked for only where there is no other.
"""

import numpy as np
import numpy.typing as npt
from numba import types

from cocite.recommender.ascending import holds
from cocite.recommender.bundle import Bundle
from cocite.recommender.compiled import INT32S, INT64S, compiled
from cocite.recommender.csr import Links
from cocite.recommender.linked import OWNED, Owned, Values, linked, owned_by, write_highest
from cocite.recommender.retrieval.gathering import LINKS, gathered

MAX_CITERS = 1000  # papers citing a result that are looked at
_EVERY = 1 << 40  # a budget that is never spent

Rows = npt.NDArray[np.int64]


def strongest_ties(bundle: Bundle, lists: Owned, rows: Rows, examples: int) -> npt.NDArray[np.int32]:
    """How papers tie each of rows (k,) to seeds, given by what each cites: int32 (k, 2 + examples).

    First comes the seed that most papers tie to the result, of equals the first, -1 where there is no tie; then how
    many do; then by which of the seed's references, the most often cited with the result first, ties by row, then -1.
    """
    found = np.full((rows.size, 2 + examples), -1, dtype=np.int32)
    _write_ties(bundle.references.arrays, bundle.cited_by.arrays, rows, lists, np.unique(lists[0]), MAX_CITERS, found)
    return found


@compiled(types.int64(INT32S, INT32S, INT32S, types.float64[::1]))
def _together(cited: Values, owners: Values, references: Values, times: npt.NDArray[np.float64]) -> int:
    """How many owners cite any of the references, and how many times each is cited, written to times."""
    citing = np.zeros(owners.max() + 1, np.bool_)
    for at in range(cited.size):
        place = np.searchsorted(references, cited[at])
        if place < references.size and references[place] == cited[at]:
            times[place] += 1.0
            citing[owners[at]] = True
    return int(np.count_nonzero(citing))


@compiled(types.void(LINKS, LINKS, INT64S, OWNED, INT32S, types.int64, types.int32[:, ::1]))
def _write_ties(
    references: Links,
    cited_by: Links,
    rows: Rows,
    lists: Owned,
    every: Values,
    most: int,
    found: npt.NDArray[np.int32],
) -> None:
    """See strongest_ties; every holds what is in any of the lists, ascending, each once."""
    for place in range(rows.size):
        cited, owners = gathered(references, linked(cited_by, rows[place])[:most], _EVERY)
        kept = 0
        for at in range(cited.size):
            if holds(every, cited[at]):
                cited[kept], owners[kept] = cited[at], owners[at]
                kept += 1
        best = 0
        for seed in range(lists[1].size - 1 if kept else 0):
            own = owned_by(lists, seed)
            times = np.zeros(own.size)
            count = _together(cited[:kept], owners[:kept], own, times)
            if count > best:
                best = count
                found[place, 0], found[place, 1], found[place, 2:] = seed, count, -1
                told = np.flatnonzero(times)
                write_highest(own[told], times[told], found[place, 2:])
