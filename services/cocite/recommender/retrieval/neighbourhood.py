"""What papers like the seeds cite, and what readers with like libraries keep."""

import numpy as np
from numba import types

from cocite.recommender.compiled import FLOAT32S, compiled, tuple_of
from cocite.recommender.csr import Rows32, Rows64
from cocite.recommender.retrieval.asked import Asked
from cocite.recommender.retrieval.contract import Found
from cocite.recommender.retrieval.coupled import COUPLED, WEIGHTED, Coupled, Doubles, Floats, scores_of_papers, share_of
from cocite.recommender.retrieval.gathering import GRAPH, Graph, papers_of
from cocite.recommender.retrieval.likeness import TextNeighbours
from cocite.recommender.retrieval.numbering import Slots, empty_slots, numbered
from cocite.recommender.retrieval.profile import Lists, profile_of_asked
from cocite.recommender.retrieval.selection import heaviest
from cocite.recommender.retrieval.tally import Tally

_COUPLING_SHARE = 2.0  # of the most coupled list, beside 1 for the nearest text: what one cites tells more
_MOST_LISTS = 1000  # the nearest; the rest would only add noise and time
_PAPERS = 32768  # looked at in those lists

_INT32S, _DOUBLES = types.int32[::1], types.float64[::1]
_LIMITS = tuple_of(types.int64, types.int64)


class NeighbourhoodRetriever:
    """The references of the papers nearest to the seeds, by text and by bibliographic coupling (user-based
    collaborative filtering; Herlocker et al. 1999). Works for a paper that nobody has seen before, from its text alone.

    A paper of the profile is scored without its own part in the coupling of the lists that hold it.
    """  # fmt: skip

    name = "neighbourhood"
    weight = 1.0

    def __init__(self, lists: Lists, neighbours: TextNeighbours) -> None:
        self._lists = lists
        self._neighbours = neighbours

    def find(self, asked: Asked) -> Found | None:
        """See Retriever."""
        profile, near = asked.shared(profile_of_asked), asked.shared(self._neighbours.of)
        if not profile.rows.size and not near.rows.size:
            return None
        slots, rows, sums = _neighbourhood(
            self._lists.graph,
            self._lists.numbers.idf,
            asked.shared(self._lists.coupled),
            (profile.rows, profile.counts),
            (near.rows, near.likeness),
            (_MOST_LISTS, _PAPERS),
        )
        return Tally(slots, rows, scores_of_papers(rows, sums))


@compiled(types.float64(types.float64))
def _sharpened(likeness: float) -> float:
    """One near list tells more than two half as near: the power 1.5."""
    return likeness * np.sqrt(likeness)  # type: ignore[no-any-return]  # a float


@compiled(tuple_of(_INT32S, _DOUBLES, _DOUBLES, _DOUBLES)(COUPLED, WEIGHTED))
def _likeness(coupled: Coupled, near: tuple[Rows64, Floats]) -> tuple[Rows32, Doubles, Doubles, Doubles]:
    """All lists that are like the seeds (c,), their likeness by text and by coupling, and the products of norms."""
    _, coupled_lists, cosines, norms = coupled
    known, count = cosines.size, cosines.size + near[0].size
    lists, by_text, by_coupling, products = np.empty(count, np.int32), np.zeros(count), np.zeros(count), np.ones(count)
    lists[:known], by_coupling[:known], products[:known] = coupled_lists, cosines, norms
    if known:
        by_coupling *= _COUPLING_SHARE / max(cosines.max(), 1e-12)
    if not near[0].size:
        return lists, by_text, by_coupling, products
    rows = near[0].astype(np.int32)
    numbers = np.empty(rows.size, np.int32)
    room = empty_slots(count)
    numbered(room, lists, 0, coupled_lists, np.empty(known, np.int32))
    count = numbered(room, lists, known, rows, numbers)
    most = np.float64(near[1].max())
    for at in range(rows.size):
        by_text[numbers[at]] = (near[1][at] / most) ** 3
    return lists[:count], by_text[:count], by_coupling[:count], products[:count]


@compiled(tuple_of(_INT32S, _INT32S, _DOUBLES)(GRAPH, FLOAT32S, COUPLED, WEIGHTED, WEIGHTED, _LIMITS))
def _neighbourhood(
    graph: Graph,
    idf: Floats,
    coupled: Coupled,
    profile: tuple[Rows64, Floats],
    near: tuple[Rows64, Floats],
    limits: tuple[int, int],
) -> tuple[Slots, Rows32, Doubles]:
    """Slots and rows of papers, and the sums of the weights of the lists that hold them.

    profile is rows (k,) and counts, near rows (l,) and likeness. The sum of a paper of the profile goes by weights as
    they were without it.
    """
    lists, by_text, by_coupling, norms = _likeness(coupled, near)
    scale = _COUPLING_SHARE / max(coupled[2].max(), 1e-12) if coupled[2].size else 0.0
    weights = np.empty(lists.size)
    for at in range(lists.size):
        weights[at] = _sharpened(by_text[at] + max(by_coupling[at], 0.0))
    kept = heaviest(weights, limits[0])
    found, owners = papers_of(graph, lists[kept], limits[1])
    rows, own = np.empty(profile[0].size + found.size, np.int32), profile[0].size
    slots, numbers = empty_slots(rows.size), np.empty(found.size, np.int32)
    numbered(slots, rows, 0, profile[0].astype(np.int32), np.empty(own, np.int32))
    count = numbered(slots, rows, own, found, numbers)
    sums = np.zeros(count)
    for at in range(found.size):
        number, place = numbers[at], kept[owners[at]]
        weight = weights[place]
        if number < own:
            part = share_of(profile[1][number], idf[rows[number]]) / norms[place]
            weight = _sharpened(by_text[place] + max(by_coupling[place] - scale * part, 0.0))
        sums[number] += weight
    return slots, rows[:count], sums
