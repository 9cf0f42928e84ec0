"""Compiled: which lists share papers with a profile."""

import numpy as np
import numpy.typing as npt
from numba import types

from cocite.recommender.compiled import FLOAT32S, FLOAT64S, INT32S, INT64S, compiled, tuple_of
from cocite.recommender.csr import Rows32, Rows64
from cocite.recommender.retrieval.gathering import GRAPH, Graph, holders_of
from cocite.recommender.retrieval.numbering import Slots, empty_slots, numbered

Floats = npt.NDArray[np.float32]
Doubles = npt.NDArray[np.float64]
Coupled = tuple[Slots, Rows32, Doubles, Doubles]

_INT32S, _DOUBLES = types.int32[::1], types.float64[::1]
COUPLED = tuple_of(_INT32S, _INT32S, _DOUBLES, _DOUBLES)
WEIGHTED = tuple_of(INT64S, FLOAT32S)


@compiled(types.float64(types.float32, types.float32))
def share_of(count: float, idf: float) -> float:
    """What a paper of the profile, in so many of its lists, adds to the dot product with each list that holds it."""
    return np.float64(count) * idf * idf


@compiled(COUPLED(GRAPH, FLOAT32S, tuple_of(FLOAT32S, FLOAT32S), WEIGHTED, INT32S, types.int64))
def coupled(
    graph: Graph,
    idf: Floats,
    own_norms: tuple[Floats, Floats],
    profile: tuple[Rows64, Floats],
    barred: Rows32,
    budget: int,
) -> Coupled:
    """Slots of the lists (c,) that share a paper with the profile, the lists, numbered as in gathering.papers_of, their
    cosines to the profile (c,), and the products of both norms (c,).

    profile is rows (k,) and counts (k,); both sides are weighted by idf (n,). own_norms are those of the lists of
    papers (n,) and readers (m,). The barred lists come first, with a cosine of 0. At most budget holders of the
    profile's papers are looked at.
    """
    papers, counts = profile
    rows = papers.astype(np.int32)
    holders, owners = holders_of(graph, rows, budget)
    slots = empty_slots(barred.size + holders.size)
    lists, numbers = np.empty(barred.size + holders.size, np.int32), np.empty(holders.size, np.int32)
    own = numbered(slots, lists, 0, barred, np.empty(barred.size, np.int32))
    count = numbered(slots, lists, own, holders, numbers)
    shares, norm = np.empty(rows.size), 0.0
    for at in range(rows.size):
        shares[at] = share_of(counts[at], idf[rows[at]])
        norm += shares[at] * counts[at]
    norm = np.sqrt(norm)
    cosines, norms = np.zeros(count), np.empty(count)
    for at in range(holders.size):
        cosines[numbers[at]] += shares[owners[at]]
    for at in range(count):
        each = lists[at]
        own_norm = own_norms[0][each] if each >= 0 else own_norms[1][~each]
        norms[at] = max(norm * own_norm, 1e-12)
        cosines[at] = cosines[at] / norms[at] if own_norm > 0.0 and at >= own else 0.0
    return slots, lists[:count], cosines, norms


@compiled(types.float32[::1](INT32S, FLOAT64S))
def scores_of_papers(rows: Rows32, values: Doubles) -> Floats:
    """The values (k,) of rows (k,), -inf for those of rows below 0, which are readers, and for values not above 0."""
    scores = np.empty(rows.size, dtype=np.float32)
    for at in range(rows.size):
        scores[at] = values[at] if rows[at] >= 0 and values[at] > 0.0 else -np.inf
    return scores
