"""What papers like the seeds cite, and what readers with like libraries keep."""

import numpy as np

from cocite.recommender.bundle import Bundle
from cocite.recommender.ranking.fusion import top_rows
from cocite.recommender.retrieval.asked import Asked
from cocite.recommender.retrieval.contract import Dense, Found
from cocite.recommender.retrieval.coupling import coupled_lists
from cocite.recommender.retrieval.likeness import TextNeighbours
from cocite.recommender.retrieval.profile import Floats, Lists, Profile, Rows, profile_of_asked

_COUPLING_SHARE = 2.0  # of the most coupled list, beside 1 for the nearest text: what one cites tells more
_SHARPNESS = 1.5  # exponent of a list's weight: one near list tells more than two half as near
_TEXT_SHARPNESS = 3.0
_MOST_LISTS = 1000  # the nearest; the rest would only add noise and time


class NeighbourhoodRetriever:
    """The references of the papers nearest to the seeds, by text and by bibliographic coupling (user-based
    collaborative filtering; Herlocker et al. 1999). Works for a paper that nobody has seen before, from its text alone.

    A paper of the profile is scored without its own part in the coupling of the lists that hold it.
    """  # fmt: skip

    name = "neighbourhood"
    weight = 1.0

    def __init__(self, bundle: Bundle, lists: Lists, neighbours: TextNeighbours) -> None:
        self._bundle = bundle
        self._lists = lists
        self._neighbours = neighbours

    def find(self, asked: Asked) -> Found | None:
        """See Retriever."""
        query, profile = asked.query, asked.shared(profile_of_asked)
        near = asked.shared(self._neighbours.of)
        if not profile.rows.size and not near.rows.size:
            return None
        found, cosines, norms = coupled_lists(self._lists, profile, query.positive_rows)
        scale = _COUPLING_SHARE / max(float(cosines.max(initial=0.0)), 1e-12)
        text = np.zeros(self._lists.papers.offsets.size - 1, dtype=np.float32)
        if near.rows.size:
            text[near.rows] = (near.likeness / near.likeness.max()) ** _TEXT_SHARPNESS
        weights = text.copy()
        weights[found] += scale * np.maximum(cosines, 0.0)
        weights **= _SHARPNESS
        sources = _heaviest(weights)
        papers, owners = self._lists.papers.gather(sources)
        totals = np.bincount(papers, weights=weights[sources][owners], minlength=self._bundle.paper_count)
        totals[profile.rows] = self._held_out(profile, (found, cosines, norms), text, scale, sources)
        scores = totals.astype(np.float32)
        scores[scores <= 0.0] = -np.inf
        return Dense(scores)

    def _held_out(
        self, profile: Profile, coupled: tuple[Rows, Floats, Floats], text: Floats, scale: float, sources: Rows
    ) -> Floats:
        """Scores (k,) of the profile's papers, each by what the others say of those of the sources that hold it."""
        found, cosines, norms = coupled
        holders, owners = self._lists.holders.gather(profile.rows)
        places = np.minimum(np.searchsorted(found, holders), max(found.size - 1, 0))
        kept = found[places] == holders if found.size else np.zeros(holders.size, dtype=np.bool_)
        kept &= np.isin(holders, sources)
        holders, owners, places = holders[kept], owners[kept], places[kept]
        own = (profile.counts * self._lists.idf[profile.rows] ** 2)[owners] / norms[places]
        weights = text[holders] + scale * np.maximum(cosines[places] - own, 0.0)
        return np.bincount(owners, weights=weights**_SHARPNESS, minlength=profile.rows.size).astype(np.float32)


def _heaviest(weights: Floats) -> Rows:
    sources = np.flatnonzero(weights)
    return sources[np.sort(top_rows(weights[sources], _MOST_LISTS))]
