"""Which papers may be in an answer."""

from functools import cached_property

import numpy as np
import numpy.typing as npt
from numba import types

from cocite.recommender.ascending import holds
from cocite.recommender.bundle import Bundle
from cocite.recommender.compiled import INT32S, INT64S, compiled, tuple_of
from cocite.recommender.query import Query, RowFilter
from cocite.recommender.row_index import Passing

FEW_ROWS = 8192  # that pass a filter: looked at one by one, sooner done than a search that must read most lists

Rows = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]
# The bits of Passing, none for all; the only rows, where they are all that counts; the rows named; the work of each
# row, and the works of those named. All but the bits and the work of each row ascend.
Rules = tuple[npt.NDArray[np.uint8], Rows, bool, Rows, npt.NDArray[np.int32], Rows]
RULES = tuple_of(types.Array(types.uint8, 1, "C", readonly=True), INT64S, types.boolean, INT64S, INT32S, INT64S)
_EVERY = np.empty(0, dtype=np.uint8)


class Allowed:
    """What a query allows: what passes its filter, less what it names and other versions of that.

    Told of the rows that are asked for; what a filter lets through is remembered with the bundle. For one thread.
    """

    def __init__(self, query: Query, bundle: Bundle) -> None:
        self._bundle = bundle
        self._filter = query.row_filter
        names = (*query.positive_rows, *query.negative_rows, *query.library_rows, *query.exclude_rows)
        self.named = np.unique(np.array(names, dtype=np.int64))
        self._candidates: Rows | None = None
        self._taken = np.empty(0, dtype=np.int64)
        if query.candidate_rows is not None:
            self._candidates = np.unique(np.array(query.candidate_rows, dtype=np.int64))
        else:
            self._taken = np.unique(bundle.works[self.named]).astype(np.int64)

    def of(self, rows: npt.NDArray[np.integer]) -> Flags:
        """True for those of rows (k,) that may be in the answer."""
        return allowed_of(np.ascontiguousarray(rows, dtype=np.int64), self.rules)

    @cached_property
    def rules(self) -> Rules:
        """What is allowed, as compiled functions take it."""
        bits = _EVERY if self.passing is None else self.passing.bits
        candidates = self.named if self._candidates is None else self._candidates
        return bits, candidates, self._candidates is not None, self.named, self._bundle.works, self._taken

    @cached_property
    def mask(self) -> Flags:
        """True for the rows that may be in the answer, (n,): takes time with n."""
        return self.of(np.arange(self._bundle.paper_count))

    @cached_property
    def passing(self) -> Passing | None:
        """What the filter lets through; None for all."""
        if self._filter == RowFilter():
            return None
        return self._bundle.filters.of(self._filter, lambda: _passing(self._filter.mask(self._bundle)))

    @cached_property
    def few(self) -> Rows | None:
        """All rows that may be in the answer, ascending, where the query leaves few; else None."""
        few = self._candidates
        if few is None and self.passing is not None:
            few = self.passing.few
        return None if few is None else few[self.of(few)]


def _passing(mask: Flags) -> Passing:
    count = int(np.count_nonzero(mask))
    few = np.flatnonzero(mask) if count <= FEW_ROWS else None
    return Passing(np.packbits(mask, bitorder="little"), count / max(mask.size, 1), few)


@compiled(types.Array(types.boolean, 1, "C")(INT64S, RULES))
def allowed_of(rows: Rows, rules: Rules) -> Flags:
    """Which of rows (k,) the rules let through."""
    bits, candidates, candidates_only, named, works, taken = rules
    found, of_works = np.ones(rows.size, np.bool_), np.empty(rows.size, np.int32)
    # loops of nothing but reading: what is waited for comes side by side
    if bits.size:
        for place in range(rows.size):
            found[place] = (bits[rows[place] >> 3] >> (rows[place] & 7)) & 1
    for place in range(rows.size):
        of_works[place] = works[rows[place]]
    for place in range(rows.size):
        if found[place]:
            row = rows[place]
            allowed = not holds(named, row) and not holds(taken, of_works[place])
            found[place] = allowed and (not candidates_only or holds(candidates, row))
    return found
