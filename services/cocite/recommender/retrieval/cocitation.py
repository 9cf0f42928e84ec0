"""Co-citation: papers that are cited, or kept, together with what the seeds stand for."""

import numpy as np
import numpy.typing as npt

from cocite.recommender.bundle import Bundle
from cocite.recommender.retrieval.asked import Asked
from cocite.recommender.retrieval.contract import Dense, Found, Scores
from cocite.recommender.retrieval.profile import Floats, Lists, Rows, profile_of_asked

_LEAST = 1e-6  # below it, nothing but rounding is left of a score
_MOST_HOLDERS = 20_000  # lists looked into for one query: a seed that half the corpus cites tells little by the rest


class CocitationRetriever:
    """Item-based collaborative filtering (Small 1973; Sarwar et al. 2001): the cosines of a paper to the seeds
    themselves and to what they cite, where two papers are the more alike the more lists hold both. Long lists tell
    less: each counts 1 / log(2 + length) (Adamic and Adar 2003).

    The seeds count as much as all the papers they cite together. A paper of the profile is scored by the others.
    """  # fmt: skip

    name = "cocitation"
    weight = 0.5

    def __init__(self, bundle: Bundle, lists: Lists) -> None:
        self._bundle = bundle
        self._lists = lists
        lengths = lists.papers.counts()
        self._list_weights = (1.0 / np.log(2.0 + lengths)).astype(np.float32)
        owners = np.repeat(np.arange(lists.paper_count), lists.holders.counts())
        squares = np.bincount(owners, weights=self._list_weights[lists.holders.rows] ** 2, minlength=lists.paper_count)
        self._norms = np.sqrt(squares).astype(np.float32)

    def find(self, asked: Asked) -> Found | None:
        """See Retriever."""
        query, profile = asked.query, asked.shared(profile_of_asked)
        seeds = np.unique(np.array(query.positive_rows, dtype=np.int64))
        items = np.concatenate((seeds, profile.rows))
        if not items.size:
            return None
        shares = np.concatenate((_shares(np.ones(seeds.size)), _shares(profile.counts)))
        shares[self._norms[items] == 0.0] = 0.0
        scores = self._cosines(items, shares, query.positive_rows)
        scores[scores <= _LEAST] = -np.inf
        return Dense(scores)

    def _cosines(self, items: Rows, shares: Floats, barred: tuple[int, ...]) -> Scores:
        """Sum over the other items of share times cosine to each paper, float32 (n,).

        The lists of barred papers do not count, nor those beyond the _MOST_HOLDERS that the items make most of.
        """
        holders, owners = self._lists.holders.gather(items)
        heat = self._list_weights[holders] ** 2 * (shares / np.maximum(self._norms[items], 1e-12))[owners]
        sources, places = np.unique(holders, return_inverse=True)
        totals = np.bincount(places, weights=heat, minlength=sources.size)
        kept = ~np.isin(sources, barred)
        if np.count_nonzero(kept) > _MOST_HOLDERS:
            least = np.lexsort((sources, np.where(kept, -totals, np.inf)))[_MOST_HOLDERS:]
            kept[least] = False
        papers, lists = self._lists.papers.gather(sources[kept])
        sums = np.bincount(papers, weights=totals[kept][lists], minlength=self._bundle.paper_count)
        own = np.bincount(items[owners], weights=heat * kept[places], minlength=self._bundle.paper_count)
        cosines: Scores = ((sums - own) / np.maximum(self._norms, 1e-12)).astype(np.float32)
        return cosines


def _shares(counts: npt.ArrayLike) -> Floats:
    values = np.asarray(counts, dtype=np.float32)
    return values / max(float(values.sum()), 1.0)
