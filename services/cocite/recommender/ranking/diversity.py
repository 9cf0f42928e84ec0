"""Diversity by maximal marginal relevance (Carbonell and Goldstein 1998)."""

import numpy as np
import numpy.typing as npt

from cocite.recommender.bundle import Bundle
from cocite.recommender.query import Ranking

DEPTH = 200  # results that are chosen anew; what follows stays as it is

Likeness = npt.NDArray[np.float32]


def diversify(bundle: Bundle, ranking: Ranking, diversity: float) -> Ranking:
    """The first DEPTH rows in the order in which each is the best next one; the others after them.

    The best next one has the highest (1 - diversity) * relevance - diversity * its greatest likeness to those before
    it, ties by rank. Relevance falls evenly from 1 for the first row. Scores stay with their rows. diversity is
    from 0, which changes nothing, to 1: the paper's lambda is 1 - diversity.
    """
    if diversity == 0.0 or ranking.rows.size < 2:
        return ranking
    rows = ranking.rows[:DEPTH]
    order = _choose(likeness(bundle, rows), diversity)
    order = np.concatenate((order, np.arange(rows.size, ranking.rows.size)))
    return Ranking(ranking.rows[order], ranking.scores[order], ranking.fallback)


def likeness(bundle: Bundle, rows: npt.NDArray[np.int64]) -> Likeness:
    """How alike each two of rows (k,) are, float32 (k, k), 0 to 1.

    The cosine of the text vectors; where one of the two has no text, that of the reference lists (Kessler 1963).
    """
    vectors = bundle.text_vectors[rows].astype(np.float32)
    alike = np.clip(vectors @ vectors.T, 0.0, 1.0)
    silent = ~np.any(vectors, axis=1)
    if silent.any():
        coupled = _coupling(bundle, rows)
        either = silent[:, None] | silent[None, :]
        alike[either] = coupled[either]
    return np.asarray(alike, dtype=np.float32)


def _coupling(bundle: Bundle, rows: npt.NDArray[np.int64]) -> Likeness:
    from scipy.sparse import csr_array

    cited, owners = bundle.references.gather(rows)
    shape = (rows.size, bundle.paper_count)
    lists = csr_array((np.ones(cited.size, dtype=np.float32), (owners, cited)), shape=shape)
    shared = (lists @ lists.T).toarray()
    lengths = np.sqrt(np.maximum(shared.diagonal(), 1.0))
    coupled: Likeness = shared / np.outer(lengths, lengths)
    return coupled


def _choose(alike: Likeness, diversity: float) -> npt.NDArray[np.int64]:
    count = len(alike)
    gains = (1.0 - diversity) * (1.0 - np.arange(count, dtype=np.float32) / count)
    nearest = np.zeros(count, dtype=np.float32)
    penalties = np.float32(diversity) * alike
    chosen = np.empty(count, dtype=np.int64)
    for place in range(count):
        best = int(np.argmax(gains - nearest))
        chosen[place] = best
        gains[best] = -np.inf
        np.maximum(nearest, penalties[best], out=nearest)
    return chosen
