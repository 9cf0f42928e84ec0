"""Co-citation: papers that are cited, or kept, together with what the seeds stand for."""

import numpy as np
import numpy.typing as npt
from numba import types

from cocite.recommender.compiled import FLOAT32S, FLOAT64S, INT32S, compiled, tuple_of
from cocite.recommender.csr import Rows32
from cocite.recommender.list_numbers import list_says
from cocite.recommender.retrieval.asked import Asked
from cocite.recommender.retrieval.contract import Found
from cocite.recommender.retrieval.gathering import GRAPH, Graph, holders_of, list_lengths, papers_of
from cocite.recommender.retrieval.numbering import Slots, empty_slots, numbered
from cocite.recommender.retrieval.profile import Floats, Lists, profile_of_asked
from cocite.recommender.retrieval.selection import heaviest
from cocite.recommender.retrieval.tally import Tally

_LEAST = 1e-6  # below it, nothing but rounding is left of a score
# What is looked at for one query, of a corpus of any size: a seed that many cite tells little by each of them.
_HOLDERS = 8192  # citing papers and readers of the seeds and what they cite
_MOST_LISTS = 512  # of those, the ones that the seeds make most of
_PAPERS = 32768  # in those lists

Doubles = npt.NDArray[np.float64]
_INT32S, _DOUBLES = types.int32[::1], types.float64[::1]


class CocitationRetriever:
    """Item-based collaborative filtering (Small 1973; Sarwar et al. 2001): the cosines of a paper to the seeds
    themselves and to what they cite, where two papers are the more alike the more lists hold both. Long lists tell
    less: each counts 1 / log(2 + length) (Adamic and Adar 2003).

    The seeds count as much as all the papers they cite together. A paper of the profile is scored by the others.
    """  # fmt: skip

    name = "cocitation"
    weight = 0.5

    def __init__(self, lists: Lists) -> None:
        self._lists = lists

    def find(self, asked: Asked) -> Found | None:
        """See Retriever."""
        query, profile = asked.query, asked.shared(profile_of_asked)
        seeds = np.array(sorted(set(query.positive_rows)), dtype=np.int32)
        if not seeds.size and not profile.rows.size:
            return None
        items = np.concatenate((seeds, profile.rows.astype(np.int32)))
        shares = np.concatenate((_shares(np.ones(seeds.size)), _shares(profile.counts)))
        lists = self._lists
        limits = (_HOLDERS, _MOST_LISTS, _PAPERS)
        return Tally(*_cosines(lists.graph, lists.numbers.cocitation_norms, items, shares, seeds, limits))


def _shares(counts: npt.ArrayLike) -> Doubles:
    values = np.asarray(counts, dtype=np.float64)
    return values / max(float(values.sum()), 1.0)


_SQUARES = list_says(np.arange(512)) ** 2  # logarithms take time


@compiled(tuple_of(_INT32S, _DOUBLES, _DOUBLES)(GRAPH, INT32S, FLOAT64S, INT32S, types.int64))
def _heat(graph: Graph, items: Rows32, units: Doubles, barred: Rows32, budget: int) -> tuple[Rows32, Doubles, Doubles]:
    """The lists that hold items (k,), the square of the say of each, and that times the units (k,) of what it holds.

    The barred ones come first, without heat.
    """
    holders, owners = holders_of(graph, items, budget)
    slots = empty_slots(barred.size + holders.size)
    lists, numbers = np.empty(barred.size + holders.size, np.int32), np.empty(holders.size, np.int32)
    own = numbered(slots, lists, 0, barred, np.empty(barred.size, np.int32))
    count = numbered(slots, lists, own, holders, numbers)
    lists = lists[:count]
    lengths, weights, heat = list_lengths(graph, lists), np.empty(count), np.zeros(count)
    for at in range(count):
        length = lengths[at]
        weights[at] = _SQUARES[length] if length < _SQUARES.size else 1.0 / np.log(2.0 + length) ** 2
    for at in range(holders.size):
        if numbers[at] >= own:
            heat[numbers[at]] += weights[numbers[at]] * units[owners[at]]
    return lists, weights, heat


@compiled(
    tuple_of(_INT32S, _INT32S, types.float32[::1])(
        GRAPH, FLOAT32S, INT32S, FLOAT64S, INT32S, tuple_of(types.int64, types.int64, types.int64)
    )
)
def _cosines(
    graph: Graph, norms: Floats, items: Rows32, shares: Doubles, barred: Rows32, limits: tuple[int, int, int]
) -> tuple[Slots, Rows32, Floats]:
    """Slots and rows of papers, and the sums over the other items (k,) of their share times the cosine to each paper.

    items are distinct but for seeds that are in the profile too. The lists of barred papers do not count.
    """
    most_holders, most_lists, most_papers = limits
    units = np.empty(items.size)
    for at in range(items.size):
        units[at] = shares[at] / norms[items[at]] if norms[items[at]] > 0.0 else 0.0
    lists, weights, heat = _heat(graph, items, units, barred, most_holders)
    kept = heaviest(heat, most_lists)
    lists, weights, heat = lists[kept], weights[kept], heat[kept]
    found, owners = papers_of(graph, lists, most_papers)
    slots = empty_slots(items.size + found.size)
    rows, numbers = np.empty(items.size + found.size, np.int32), np.empty(found.size, np.int32)
    own_numbers = np.empty(items.size, np.int32)
    own = numbered(slots, rows, 0, items, own_numbers)
    count = numbered(slots, rows, own, found, numbers)
    own_units = np.zeros(own)
    for at in range(items.size):
        own_units[own_numbers[at]] += units[at]
    sums = np.zeros(count)
    for at in range(found.size):
        number, owner = numbers[at], owners[at]
        said = heat[owner]
        if number < own:
            said = max(said - weights[owner] * own_units[number], 0.0)
        sums[number] += said
    scores = np.empty(count, dtype=np.float32)
    for number in range(count):
        norm = norms[rows[number]]
        score = sums[number] / norm if norm > 0.0 else 0.0
        scores[number] = score if score > _LEAST else -np.inf
    return slots, rows[:count], scores
