"""Random walk with restart over citations, libraries and text neighbours."""

import numpy as np
import numpy.typing as npt
from scipy.sparse import coo_array, csc_array

from cocite.recommender.bundle import Bundle
from cocite.recommender.retrieval.asked import Asked
from cocite.recommender.retrieval.contract import Dense, Found
from cocite.recommender.retrieval.likeness import TextNeighbours
from cocite.recommender.retrieval.profile import Lists, profile_of_asked

# How a walker leaves a node, and where it sets out from.
_TO_REFERENCES, _TO_HOLDERS, _TO_NEIGHBOURS = 0.5, 0.2, 0.3
_FROM_PROFILE, _FROM_NEIGHBOURS, _FROM_HOLDERS = 0.5, 0.3, 0.2
_GOING_ON = 0.7
_STEPS = 5
_MANY = 0.25  # share of the nodes; with walkers at more of them, it costs less to look at all
_LEAST = 1e-9

Floats = npt.NDArray[np.float32]


class WalkRetriever:
    """Where a walker is found who sets out from the papers the query puts together, from text neighbours and from
    those who cite the seeds (Page et al. 1999, personalised; Tong, Faloutsos, Pan 2006).

    Nodes are the papers, then the readers. Every step keeps to references, citing papers or text neighbours.
    """  # fmt: skip

    name = "walk"
    weight = 1.0

    def __init__(self, bundle: Bundle, lists: Lists, neighbours: TextNeighbours) -> None:
        self._bundle = bundle
        self._lists = lists
        self._neighbours = neighbours
        self._steps = _transitions(bundle, lists)

    def find(self, asked: Asked) -> Found | None:
        """See Retriever."""
        start = self._start(asked)
        total = float(start.sum())
        if total <= 0.0:
            return None
        place = start / np.float32(total)
        visits = np.zeros_like(place)
        for _ in range(_STEPS):
            place = np.float32(_GOING_ON) * self._next(place)
            visits += place
        scores = visits[: self._bundle.paper_count].copy()
        scores[scores <= _LEAST] = -np.inf
        return Dense(scores)

    def _next(self, place: Floats) -> Floats:
        """Where walkers are one step later; while they are at few places, only what leads from there is looked at."""
        left = np.flatnonzero(place)
        if left.size > place.size * _MANY:
            found: Floats = self._steps @ place
        else:
            found = self._steps[:, left] @ place[left]
        return found

    def _start(self, asked: Asked) -> Floats:
        start = np.zeros(self._steps.shape[0], dtype=np.float32)
        profile = asked.shared(profile_of_asked)
        if profile.rows.size:
            start[profile.rows] += _FROM_PROFILE * profile.counts / profile.counts.sum()
        near = asked.shared(self._neighbours.of)
        if near.rows.size:
            weights = near.likeness**2
            start[near.rows] += _FROM_NEIGHBOURS * weights / weights.sum()
        holders, _ = self._lists.holders.gather(np.array(asked.query.positive_rows, dtype=np.int64))
        if holders.size:
            np.add.at(start, holders, np.float32(_FROM_HOLDERS / holders.size))
        return start


def _transitions(bundle: Bundle, lists: Lists) -> csc_array:
    """float32 (m, m), a column for each node left, adding up to 1, or to less where ways are missing."""
    nodes, n = lists.papers.offsets.size - 1, lists.paper_count
    counts = lists.papers.counts()
    sources = np.repeat(np.arange(nodes), counts)
    held = lists.holders.counts()
    owners = np.repeat(np.arange(n), held)
    known = len(bundle.text_neighbours)
    from_paper = np.repeat(np.arange(known), bundle.text_neighbours.shape[1])
    to_paper, likeness = bundle.text_neighbours.ravel(), bundle.text_likeness.ravel().astype(np.float32) ** 2
    real = to_paper >= 0
    from_paper, to_paper, likeness = from_paper[real], to_paper[real], likeness[real]
    near_from, near_to = np.concatenate((from_paper, to_paper)), np.concatenate((to_paper, from_paper))
    near_weights = np.concatenate((likeness, likeness))
    near_totals = np.maximum(np.bincount(near_from, weights=near_weights, minlength=nodes), 1e-12)
    ways = (
        (lists.papers.rows, sources, _TO_REFERENCES / counts[sources]),
        (lists.holders.rows, owners, _TO_HOLDERS / held[owners]),
        (near_to, near_from, _TO_NEIGHBOURS * near_weights / near_totals[near_from]),
    )
    to, leaving, weights = (np.concatenate([way[part] for way in ways]) for part in range(3))
    places = (to.astype(np.int32), leaving.astype(np.int32))  # most of the time goes into reading them
    return csc_array(coo_array((weights.astype(np.float32), places), shape=(nodes, nodes)))
