"""Random walk with restart over citations, libraries and text neighbours."""

import numpy as np
from numba import types

from cocite.recommender.bundle import Bundle
from cocite.recommender.compiled import FLOAT32S, FLOAT64S, INT32S, compiled, tuple_of
from cocite.recommender.csr import Links, Rows32, Rows64
from cocite.recommender.retrieval.asked import Asked
from cocite.recommender.retrieval.contract import Found
from cocite.recommender.retrieval.coupled import WEIGHTED, Doubles, Floats
from cocite.recommender.retrieval.gathering import GRAPH, LINKS, Graph, fetched, holders_of, papers_of, spans
from cocite.recommender.retrieval.likeness import TextNeighbours
from cocite.recommender.retrieval.numbering import Slots, empty_slots, numbered
from cocite.recommender.retrieval.profile import Lists, profile_of_asked
from cocite.recommender.retrieval.selection import heaviest
from cocite.recommender.retrieval.tally import Tally

# How a walker leaves a node, and where it sets out from.
_TO_REFERENCES, _TO_HOLDERS, _TO_NEIGHBOURS = 0.5, 0.2, 0.3
_FROM_PROFILE, _FROM_NEIGHBOURS, _FROM_HOLDERS = 0.5, 0.3, 0.2
_GOING_ON = 0.7
_STEPS = 5
_LEAST_STEPS, _ENOUGH = 2, 1000  # after which walkers stop who came to so many places
_PLACES = 128  # walkers go on from there, where most of them are; those elsewhere stay
_LINKS = 16384  # of each kind that are looked at in a step
_LEAST_PART = 1e-5  # of all walkers; fewer stay where they are instead of going to a neighbour
_LEAST = 1e-9

_INT32S, _DOUBLES = types.int32[::1], types.float64[::1]
_WAYS = tuple_of(_INT32S, _DOUBLES)
Ways = tuple[Rows32, Doubles]


class WalkRetriever:
    """Where a walker is found who sets out from the papers the query puts together, from text neighbours and from
    those who cite the seeds (Page et al. 1999, personalised; Tong, Faloutsos, Pan 2006).

    Nodes are the papers and the readers. Every step keeps to references, citing papers or text neighbours.
    """  # fmt: skip

    name = "walk"
    weight = 1.0

    def __init__(self, bundle: Bundle, lists: Lists, neighbours: TextNeighbours) -> None:
        self._lists = lists
        self._neighbours = neighbours
        self._near = (bundle.near.links.arrays, bundle.near.weights)

    def find(self, asked: Asked) -> Found | None:
        """See Retriever."""
        profile, near = asked.shared(profile_of_asked), asked.shared(self._neighbours.of)
        seeds = np.array(sorted(set(asked.query.positive_rows)), dtype=np.int32)
        nodes, weights = _start(
            self._lists.graph, (profile.rows, profile.counts), (near.rows, near.likeness), seeds, _LINKS
        )
        if not nodes.size:
            return None
        limits = (_STEPS, _ENOUGH, _PLACES, _LINKS)
        return Tally(*_visits(self._lists.graph, *self._near, nodes, weights, limits))


@compiled(_WAYS(GRAPH, WEIGHTED, WEIGHTED, INT32S, types.int64))
def _start(
    graph: Graph, profile: tuple[Rows64, Floats], near: tuple[Rows64, Floats], seeds: Rows32, budget: int
) -> Ways:
    """Where walkers set out from: nodes (k,), maybe some twice, and weights (k,) that add up to 1."""
    holders, _ = holders_of(graph, seeds, budget)
    nodes = np.concatenate((profile[0].astype(np.int32), near[0].astype(np.int32), holders))
    weights = np.empty(nodes.size)
    first, second = profile[0].size, profile[0].size + near[0].size
    weights[:first] = profile[1]
    weights[first:second] = near[1].astype(np.float64) ** 2
    weights[second:] = 1.0
    weights[:first] *= _FROM_PROFILE / max(weights[:first].sum(), 1e-12)
    weights[first:second] *= _FROM_NEIGHBOURS / max(weights[first:second].sum(), 1e-12)
    weights[second:] *= _FROM_HOLDERS / max(holders.size, 1)
    return nodes, weights / max(weights.sum(), 1e-12)


@compiled(_DOUBLES(INT32S, FLOAT64S))
def _shared_out(owners: Rows32, leaving: Doubles) -> Doubles:
    """To each link (k,) its part of what leaves its owner, the same for all links of one."""
    counts = np.zeros(leaving.size)
    for owner in owners:
        counts[owner] += 1.0
    parts = np.empty(owners.size)
    for at in range(owners.size):
        parts[at] = leaving[owners[at]] / counts[owners[at]]
    return parts


@compiled(_WAYS(LINKS, FLOAT32S, INT32S, FLOAT64S))
def _to_neighbours(near: Links, shares: Floats, nodes: Rows32, leaving: Doubles) -> Ways:
    """Text neighbours of nodes (k,), and what comes to each of what leaves the nodes. The nearest are told first."""
    rows = near[1]
    starts, lengths = spans(near, nodes)
    size = lengths.sum() if fetched(rows, starts, lengths) and fetched(shares, starts, lengths) else 0
    targets, parts = np.empty(size, np.int32), np.empty(size)
    to = 0
    for at in range(nodes.size):
        for place in range(starts[at], starts[at] + lengths[at]):
            part = leaving[at] * shares[place]
            if part < _LEAST_PART:
                break
            targets[to], parts[to] = rows[place], part
            to += 1
    return targets[:to], parts[:to]


@compiled(_WAYS(GRAPH, LINKS, FLOAT32S, INT32S, FLOAT64S, types.int64))
def _step(graph: Graph, near: Links, shares: Floats, nodes: Rows32, leaving: Doubles, budget: int) -> Ways:
    """Where those go who leave nodes (k,): the nodes, maybe some twice, and how many."""
    cited, citing = papers_of(graph, nodes, budget)
    holders, held = holders_of(graph, nodes, budget)
    alike, to_alike = _to_neighbours(near, shares, nodes, _TO_NEIGHBOURS * leaving)
    to_cited, to_holders = _shared_out(citing, _TO_REFERENCES * leaving), _shared_out(held, _TO_HOLDERS * leaving)
    return np.concatenate((cited, holders, alike)), np.concatenate((to_cited, to_holders, to_alike))


@compiled(
    tuple_of(_INT32S, _INT32S, types.float32[::1])(
        GRAPH, LINKS, FLOAT32S, INT32S, FLOAT64S, tuple_of(types.int64, types.int64, types.int64, types.int64)
    )
)
def _visits(
    graph: Graph, near: Links, shares: Floats, start: Rows32, weights: Doubles, limits: tuple[int, int, int, int]
) -> tuple[Slots, Rows32, Floats]:
    """Slots and rows of the nodes that walkers come to, and how often they do, -inf for readers."""
    steps, enough, most_places, most_links = limits
    slots, rows, numbers = empty_slots(start.size), np.empty(start.size, np.int32), np.empty(start.size, np.int32)
    count = numbered(slots, rows, 0, start, numbers)
    place, visits = np.zeros(count), np.zeros(count)
    for at in range(start.size):
        place[numbers[at]] += weights[at]
    for step in range(steps):
        if step >= _LEAST_STEPS and count >= enough:
            break
        left = heaviest(place, most_places)
        nodes, parts = _step(graph, near, shares, rows[left], _GOING_ON * place[left], most_links)
        known = rows[:count]
        rows, numbers = np.empty(count + nodes.size, np.int32), np.empty(max(count, nodes.size), np.int32)
        if 2 * rows.size > slots.size:
            slots = empty_slots(rows.size)
            numbered(slots, rows, 0, known, numbers)
        rows[:count] = known
        count = numbered(slots, rows, count, nodes, numbers)
        place, before = np.zeros(count), visits
        for at in range(nodes.size):
            place[numbers[at]] += parts[at]
        visits = place.copy()
        visits[: before.size] += before
    scores = np.empty(count, dtype=np.float32)
    for at in range(count):
        scores[at] = visits[at] if rows[at] >= 0 and visits[at] > _LEAST else -np.inf
    return slots, rows[:count], scores
