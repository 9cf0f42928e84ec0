"""A preference for newer papers."""

import numpy as np
import numpy.typing as npt

from cocite.recommender.query import Ranking
from cocite.recommender.ranking.fusion import RRF_K

_NEUTRAL = 0.5


def prefer_recent(ranking: Ranking, years: npt.NDArray[np.int16], recency: float) -> Ranking:
    """The same rows in the order of (1 - recency + recency * newness) / (RRF_K + rank), which are its scores.

    newness is the share of the other rows of known year that are older, those of the same year by half: 1 for the
    newest, 0 for the oldest, one half where the year is not known. So with recency 1 the oldest loses all its score
    and a paper of middling age half of it. It goes by rank and order of years: no scale of scores, and no year that
    is far out, changes what a recency means. years int16 (n,), 0 where unknown; recency from 0, which changes
    nothing, to 1.
    """
    if recency == 0.0 or not ranking.rows.size:
        return ranking
    newness = _newness(years[ranking.rows])
    scores = (1.0 - recency + recency * newness) / (RRF_K + np.arange(1, newness.size + 1))
    order = np.argsort(-scores, kind="stable")
    return Ranking(ranking.rows[order], scores[order], ranking.fallback)


def _newness(years: npt.NDArray[np.int16]) -> npt.NDArray[np.float64]:
    newness = np.full(years.size, _NEUTRAL)
    known = np.flatnonzero(years > 0)
    if known.size > 1:
        told = years[known]
        ordered = np.sort(told)
        older, not_newer = np.searchsorted(ordered, told, "left"), np.searchsorted(ordered, told, "right")
        newness[known] = (older + (not_newer - 1)) / (2.0 * (known.size - 1))
    return newness
