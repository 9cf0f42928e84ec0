"""Compiled: what terms say of papers, the heaviest first, and no more than is asked for.

Score-at-a-time evaluation of lists in order of impact (Anh and Moffat 2006; Lin and Trotman 2015): a bar falls, and the
terms give all that reaches it before it falls further.
"""

import numpy as np
import numpy.typing as npt
from numba import types

from cocite.recommender.compiled import FLOAT32S, INT32S, compiled, tuple_of
from cocite.recommender.csr import Links, Rows32
from cocite.recommender.retrieval.gathering import LINKS, fetched, spans
from cocite.recommender.retrieval.numbering import Slots, empty_slots, numbered
from cocite.recommender.retrieval.selection import heaviest

Floats = npt.NDArray[np.float32]
Doubles = npt.NDArray[np.float64]

_FALL = 0.8
_LEAST = 1e-9  # a bar below it lets everything pass
_INT32S, _DOUBLES = types.int32[::1], types.float64[::1]
_WEIGHTS = tuple_of(FLOAT32S, FLOAT32S)


@compiled(tuple_of(_INT32S, _DOUBLES)(LINKS, _WEIGHTS, INT32S, FLOAT32S, types.int64))
def heaviest_postings(
    links: Links, weights: tuple[Floats, Floats], terms: Rows32, aim: Floats, budget: int
) -> tuple[Rows32, Doubles]:
    """Papers, maybe some several times, and what the terms (k,) say of them: aim (k,) times the weights of the links.

    weights are those of both layers, falling within a term. At most budget links are looked at.
    """
    _, papers, _, _, added_papers = links
    places, left = spans(links, terms)
    size = min(left.sum(), budget)
    found, said = np.empty(size, np.int32), np.empty(size)
    bar, to = 0.0, 0
    for at in range(places.size):
        if left[at]:
            layer = weights[0] if at < terms.size else weights[1]
            bar = max(bar, abs(aim[at % terms.size]) * layer[places[at]])
    while to < size:
        bar = bar * _FALL if bar > _LEAST else -1.0
        for at in range(places.size):
            first = at < terms.size
            share = np.float64(aim[at if first else at - terms.size])
            place, end = places[at], places[at] + left[at]
            while place < end and to < size:
                weight = weights[0][place] if first else weights[1][place]
                if abs(share) * weight < bar:
                    break
                found[to] = papers[place] if first else added_papers[place]
                said[to] = share * weight
                to += 1
                place += 1
            left[at] = end - place
            places[at] = place
    return found, said


@compiled(tuple_of(_INT32S, _INT32S, _DOUBLES, types.boolean)(LINKS, _WEIGHTS, INT32S, FLOAT32S, types.int64))
def summed(
    links: Links, weights: tuple[Floats, Floats], terms: Rows32, aim: Floats, budget: int
) -> tuple[Slots, Rows32, Doubles, bool]:
    """Slots and rows of papers, the sums of what the terms say of them, and whether the budget was enough for all."""
    found, said = heaviest_postings(links, weights, terms, aim, budget)
    slots, rows, numbers = empty_slots(found.size), np.empty(found.size, np.int32), np.empty(found.size, np.int32)
    count = numbered(slots, rows, 0, found, numbers)
    sums = np.zeros(count)
    for at in range(found.size):
        sums[numbers[at]] += said[at]
    return slots, rows[:count], sums, found.size < budget


@compiled(_DOUBLES(LINKS, _WEIGHTS, INT32S, FLOAT32S))
def _products(links: Links, weights: tuple[Floats, Floats], papers: Rows32, aim: Floats) -> Doubles:
    """The sum of the aim (v,) times the weights of all terms of each of papers (k,)."""
    _, terms, _, _, added_terms = links
    of_terms, of_added = weights
    starts, lengths = spans(links, papers)
    sums, first = np.zeros(papers.size), slice(0, papers.size)
    if not (fetched(terms, starts[first], lengths[first]) and fetched(of_terms, starts[first], lengths[first])):
        return sums  # never
    for at in range(papers.size):
        total = 0.0
        for place in range(starts[at], starts[at] + lengths[at]):
            total += np.float64(aim[terms[place]]) * of_terms[place]
        more = at + papers.size
        for place in range(starts[more], starts[more] + lengths[more]):
            total += np.float64(aim[added_terms[place]]) * of_added[place]
        sums[at] = total
    return sums


@compiled(types.void(_INT32S, _DOUBLES, LINKS, _WEIGHTS, INT32S, FLOAT32S, types.int64, types.int64))
def complete(
    rows: Rows32,
    sums: Doubles,
    links: Links,
    weights: tuple[Floats, Floats],
    terms: Rows32,
    aim: Floats,
    vocabulary: int,
    most: int,
) -> None:
    """Where the budget was not enough: make the most highest of the sums (p,) of rows (p,) those of all their terms.

    links and weights are those of papers to terms, of which there are vocabulary.
    """
    spread = np.zeros(vocabulary, dtype=np.float32)
    for at in range(terms.size):
        spread[terms[at]] = aim[at]
    kept = heaviest(np.maximum(sums, 0.0), most)
    sums[kept] = _products(links, weights, rows[kept], spread)
