"""Collaborative filtering: what is cited together."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from numba import types

from cocite.recommender.bundle import Bundle
from cocite.recommender.compiled import INT32S, compiled, tuple_of
from cocite.recommender.csr import Links, Rows32
from cocite.recommender.query import Query
from cocite.recommender.retrieval.asked import Asked
from cocite.recommender.retrieval.contract import Found, Sparse
from cocite.recommender.retrieval.fold_in import FoldedIn, FoldIn
from cocite.recommender.retrieval.gathering import LINKS, gathered
from cocite.recommender.retrieval.nearest import Space
from cocite.recommender.retrieval.text import NEGATIVE_SHARE
from cocite.recommender.retrieval.text_items import TextItems
from cocite.recommender.retrieval.weighting import bm25_weights

_EVERY = 1 << 40  # a budget that is never spent
_MOST_ITEMS = 4096  # of a profile that are folded in, the heaviest: time and memory grow with them


@dataclass(frozen=True, slots=True)
class FoldedProfile:
    """items of a profile, rows (k,) ascending; texts that are folded in beside them, t of them; and what came of all
    k + t.
    """  # fmt: skip

    items: npt.NDArray[np.int64]
    texts: tuple[str, ...]
    folded: FoldedIn


class AlsRetriever:
    """Papers likely to be cited together with what the seeds cite (Hu, Koren, Volinsky 2008).

    A seed's profile is its references and itself; a library's is the papers in it. Profiles add up as if one
    paper cited them all, an item counted once a seed; negative seeds count the other way, and items that come out
    negative are disliked with the confidence they would have been liked with. A paper in the profile is scored by
    the rest of the profile: that the seed cites it does not speak for it, else a seed's own reference list would be
    the answer.
    """

    name = "als"
    weight = 1.0

    def __init__(self, bundle: Bundle) -> None:
        self._bundle = bundle
        self._als = bundle.manifest.als
        self._fold_in = FoldIn(bundle.item_factors, bundle.gram, bundle.gram_inverse, self._als.alpha)
        self._space = Space.of_items(bundle)
        self.texts = TextItems(bundle)
        self._unknown_idf = bundle.item_idf.max(initial=0.0)

    def profile(self, query: Query) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.float64]]:
        """Items (k,), ascending, and their signed BM25 weights (k,)."""
        listed = sorted({*query.reference_rows, *query.library_rows})
        seeds = (np.array(rows, dtype=np.int32) for rows in (query.positive_rows, listed, query.negative_rows))
        items, values = _counted(self._bundle.references.arrays, *seeds)
        weights = self._weights(items, values)
        telling = np.flatnonzero(weights)
        if telling.size > _MOST_ITEMS:
            telling = np.sort(telling[np.lexsort((telling, -np.abs(weights[telling])))[:_MOST_ITEMS]])
        return items[telling], weights[telling]

    def find(self, asked: Asked) -> Found | None:
        """See Retriever. A text counts like a paper that nobody cites yet."""
        query = asked.query
        told = query.positive_rows or query.reference_rows or query.library_rows
        if not told and not self.texts.of(query.texts):
            return None
        profile = asked.shared(self.folded)
        held_out = Sparse(profile.items, profile.folded.held_out[: profile.items.size])
        return self._space.find(profile.folded.vector, known=held_out)

    def parts(self, profile: FoldedProfile, rows: npt.NDArray[np.int64]) -> npt.NDArray[np.float64]:
        """What each item and text of a profile adds to the score of each of rows (r,), float64 (r, k + t).

        That a paper is in the profile adds nothing to its own score.
        """
        parts = profile.folded.parts(self._bundle.item_factors[rows])
        parts[:, : profile.items.size][rows[:, None] == profile.items] = 0.0
        return parts

    def folded(self, asked: Asked) -> FoldedProfile:
        """The profile of a query and its texts, folded in."""
        texts = self.texts.of(asked.query.texts)
        items, weights = self.profile(asked.query)
        text_weight = bm25_weights(
            np.ones(len(texts)),
            float(items.size + len(texts)),
            np.full(len(texts), self._unknown_idf),
            k1=self._als.k1,
            b=self._als.b,
            average_length=self._als.average_length,
        )
        factors = np.concatenate((self._bundle.item_factors[items], _stacked(texts, self._bundle)))
        folded = self._fold_in.fold_in_factors(factors, np.concatenate((weights, text_weight * self._als.scale)))
        return FoldedProfile(items, tuple(texts), folded)

    def _weights(self, items: npt.NDArray[np.int64], values: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        """Of what is liked and of what is disliked as of two rows of the training matrix, the latter below 0."""
        liked = values > 0.0
        weights = bm25_weights(
            np.abs(values),
            np.where(liked, values[liked].sum(), -values[~liked].sum()),
            self._bundle.item_idf[items],
            k1=self._als.k1,
            b=self._als.b,
            average_length=self._als.average_length,
        )
        # A paper that nearly all cite has an idf below 0: it tells nothing.
        return np.copysign(np.maximum(weights, 0.0), values) * self._als.scale


@compiled(types.int64[::1](LINKS, INT32S))
def _held(references: Links, seeds: Rows32) -> npt.NDArray[np.int64]:
    """What the profile of each seed holds, one after another: what it cites and itself, once."""
    cited, citing = gathered(references, seeds, _EVERY)
    held, to = np.empty(cited.size + seeds.size, np.int64), seeds.size
    held[:to] = seeds
    for at in range(cited.size):
        if cited[at] != seeds[citing[at]]:
            held[to] = cited[at]
            to += 1
    return held[:to]


@compiled(tuple_of(types.int64[::1], types.float64[::1])(LINKS, INT32S, INT32S, INT32S))
def _counted(
    references: Links, liked: Rows32, listed: Rows32, disliked: Rows32
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.float64]]:
    """Items, ascending, and in how many profiles each is: of the papers in liked, of the listed, distinct ones as one,
    less those of the papers in disliked.
    """  # fmt: skip
    # twice the item, and one more where it is disliked
    parts = (2 * _held(references, liked), 2 * listed.astype(np.int64), 2 * _held(references, disliked) + 1)
    every = np.sort(np.concatenate(parts))
    items, values = np.empty(every.size, np.int64), np.zeros(every.size)
    to = 0
    for number in every:
        if to == 0 or items[to - 1] != number >> 1:
            items[to] = number >> 1
            to += 1
        values[to - 1] += 1.0 - 2.0 * (number & 1)
    return items[:to].copy(), values[:to].copy()


class ItemsRetriever:
    """Papers whose factors point where those of the seeds do: used alike by those who cite, keep and describe them.

    The mean over the seeds of the cosine, less a share of that over the negative ones as in TextRetriever, times the
    root of the length of a paper's factors: of papers with long ones more is known.
    """

    name = "items"
    weight = 0.5

    def __init__(self, bundle: Bundle, texts: TextItems | None = None) -> None:
        self._bundle = bundle
        self._texts = texts or TextItems(bundle)
        self._space = Space.of_items(bundle)

    def find(self, asked: Asked) -> Found | None:
        """See Retriever."""
        query = asked.query
        rows = np.unique(np.array((*query.positive_rows, *query.library_rows), dtype=np.int64))
        texts = self._texts.of(query.texts)
        liked = np.concatenate((self._bundle.item_factors[rows], _stacked(texts, self._bundle)))
        if not liked.any():
            return None
        disliked = self._bundle.item_factors[np.unique(np.array(query.negative_rows, dtype=np.int64))]
        aim = _directions(liked) - NEGATIVE_SHARE * _directions(disliked)
        return self._space.find(aim.astype(np.float32), over_root=True)


def _directions(factors: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """Mean of the factors (k, f), each scaled to norm 1: (f,), zero for none."""
    norms = np.maximum(np.linalg.norm(factors, axis=1, keepdims=True), 1e-12)
    mean: npt.NDArray[np.float32] = (factors / norms).sum(axis=0) / max(len(factors), 1)
    return mean


def _stacked(texts: dict[str, npt.NDArray[np.float32]], bundle: Bundle) -> npt.NDArray[np.float32]:
    """Factors of the texts in one array (t, f)."""
    return np.array(list(texts.values()), dtype=np.float32).reshape(len(texts), bundle.item_factors.shape[1])
