"""Bibliographic coupling: papers whose reference lists are like the query's."""

import numpy as np

from cocite.recommender.bundle import Bundle
from cocite.recommender.retrieval.asked import Asked
from cocite.recommender.retrieval.contract import Dense, Found
from cocite.recommender.retrieval.profile import Floats, Lists, Profile, Rows, profile_of_asked


def coupled_lists(lists: Lists, profile: Profile, barred: tuple[int, ...]) -> tuple[Rows, Floats, Floats]:
    """Lists (c,) that share a paper with the profile, their cosines to it (c,), and the product of norms (c,).

    Both sides are weighted by idf. The lists of the papers in barred, the seeds, are left out.
    """
    holders, owners = lists.holders.gather(profile.rows)
    weights = (profile.counts * lists.idf[profile.rows] ** 2)[owners]
    found, places = np.unique(holders, return_inverse=True)
    dots = np.bincount(places, weights=weights, minlength=found.size)
    kept = ~np.isin(found, barred)
    found, dots = found[kept], dots[kept]
    norm = float(np.linalg.norm(profile.counts * lists.idf[profile.rows]))
    norms = np.maximum(norm * lists.lengths[found], 1e-12).astype(np.float32)
    return found.astype(np.int64), (dots / norms).astype(np.float32), norms


class CouplingRetriever:
    """Papers that cite what the seeds cite (Kessler 1963): the cosine of idf-weighted reference lists."""

    name = "coupling"
    weight = 0.5

    def __init__(self, bundle: Bundle, lists: Lists) -> None:
        self._bundle = bundle
        self._lists = lists

    def find(self, asked: Asked) -> Found | None:
        """See Retriever."""
        profile = asked.shared(profile_of_asked)
        if not profile.rows.size:
            return None
        found, cosines, _ = coupled_lists(self._lists, profile, asked.query.positive_rows)
        papers = (found < self._bundle.paper_count) & (cosines > 0.0)
        scores = np.full(self._bundle.paper_count, -np.inf, dtype=np.float32)
        scores[found[papers]] = cosines[papers]
        return Dense(scores)
