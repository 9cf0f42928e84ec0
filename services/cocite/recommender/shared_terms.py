"""Words of a page's papers, compared with those of groups of texts."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from numba import types

from cocite.recommender.compiled import FLOAT32S, INT64S, compiled
from cocite.recommender.linked import OWNED, WEIGHTED, Floats, Owned, Weighted, bounds, linked, owned_by, weights_of
from cocite.recommender.retrieval.numbering import empty_slots, number_of, numbered
from cocite.recommender.word_index import Terms, WordIndex

Rows = npt.NDArray[np.int64]
Doubles = npt.NDArray[np.float64]


def term_products(words: WordIndex, rows: Rows, groups: Sequence[Sequence[Terms]]) -> Doubles:
    """Dot product of the terms of each of rows (r,) with those of all texts of each of groups (g,), float64 (r, g)."""
    every = [terms for group in groups for terms in group]
    ends = np.cumsum([0, *(sum(terms.places.size for terms in group) for group in groups)])
    told: Owned = (np.concatenate([terms.places for terms in every]), ends)
    return _products(words.paper_terms.arrays, rows, told, np.concatenate([terms.weights for terms in every]))


@compiled(types.float64[:, ::1](WEIGHTED, INT64S, OWNED, FLOAT32S))
def _products(postings: Weighted, rows: Rows, told: Owned, told_weights: Floats) -> Doubles:
    """See term_products. The terms of the page are numbered, so that sums over them are as short as they are few."""
    ends = np.zeros(rows.size + 1, dtype=np.int64)
    for place in range(rows.size):
        begin, end, added_begin, added_end = bounds(postings[0], rows[place])
        ends[place + 1] = ends[place] + end - begin + added_end - added_begin
    slots, count = empty_slots(ends[-1]), 0
    known, numbers = np.empty(ends[-1], dtype=np.int32), np.empty(ends[-1], dtype=np.int32)
    for place in range(rows.size):
        terms = linked(postings[0], rows[place])
        count = numbered(slots, known, count, terms, numbers[ends[place] : ends[place + 1]])
    found, starts = np.zeros((rows.size, told[1].size - 1)), told[1]
    for group in range(found.shape[1]):
        aim = np.zeros(count, dtype=np.float32)
        terms = owned_by(told, group)
        for at in range(terms.size):
            number = number_of(slots, known, terms[at])
            if number >= 0:
                aim[number] += told_weights[starts[group] + at]
        for place in range(rows.size):
            weights = weights_of(postings, rows[place])
            for at in range(weights.size):
                found[place, group] += weights[at] * aim[numbers[ends[place] + at]]
    return found
