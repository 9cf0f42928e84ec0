"""How much each of several seeds has to do with a result.

Three of the measures that relate papers add up over seeds, and so can be taken apart exactly: the ALS score (Hu, Koren,
Volinsky 2008, section 5), the cosine of text vectors and that of words. For each measure that speaks for the result,
the parts of the seeds that speak for it are taken as shares of their sum; a seed's contribution is the mean of its
shares over these measures. An item that several seeds cite belongs to each of them in equal parts.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from cocite.recommender.bundle import Bundle
from cocite.recommender.evidence import SeedEvidence
from cocite.recommender.query import Query
from cocite.recommender.retrieval.als import AlsRetriever
from cocite.recommender.retrieval.asked import Asked
from cocite.recommender.shared_terms import PageTerms
from cocite.recommender.word_index import Terms

_LEAST = 1e-6  # a score below it is rounding

Rows = npt.NDArray[np.int64]
Doubles = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class SeedGroup:
    """What counts as one seed: items of its ALS profile, rows (k,); its text, "" for none, that is folded in beside
    them; its text vectors, float32 (t, d); its terms.
    """  # fmt: skip

    items: Rows
    text: str
    vectors: npt.NDArray[np.float32]
    terms: tuple[Terms, ...]


class Contributions:
    """Takes results apart. Thread-safe."""

    def __init__(self, bundle: Bundle, als: AlsRetriever | None = None) -> None:
        self._bundle = bundle
        self._als = als or AlsRetriever(bundle)

    def shares(self, query: Query, seeds: Sequence[SeedEvidence], rows: Rows) -> Doubles:
        """Contribution of each seed to each of rows (r,), float64 (r, g), from 0 to 1.

        Columns are seeds in their order, which have all positive rows, texts and references of the query, then its
        library as one if there is any. A row adds up to 1, or is 0 throughout where no measure speaks for it.
        """
        groups = self._groups(query, seeds)
        if not rows.size or not groups:
            return np.zeros((rows.size, len(groups)))
        measures = (self._cited_together(query, groups, rows), self._texts(groups, rows), self._words(groups, rows))
        shares = [_shares(parts) for parts in measures]
        return _shares(np.sum(shares, axis=0))

    def _groups(self, query: Query, seeds: Sequence[SeedEvidence]) -> list[SeedGroup]:
        groups = [self._of_seed(seed) for seed in seeds]
        if query.library_rows:
            rows = np.array(query.library_rows, dtype=np.int64)
            terms = tuple(self._bundle.words.of_row(row) for row in query.library_rows)
            groups.append(SeedGroup(rows, "", self._bundle.text_vectors[rows], terms))
        return groups

    def _of_seed(self, seed: SeedEvidence) -> SeedGroup:
        if seed.row is not None:
            vectors, terms = self._bundle.text_vectors[[seed.row]], self._bundle.words.of_row(seed.row)
            return SeedGroup(self._als.items_of(seed.row), "", vectors, (terms,))
        no_vectors = np.empty((0, self._bundle.text_vectors.shape[1]), dtype=np.float32)
        vectors = no_vectors if seed.vector is None else seed.vector[None, :]
        items = np.array(seed.references, dtype=np.int64)
        return SeedGroup(items, seed.text, vectors, (self._bundle.words.of_text(seed.text),))

    def _cited_together(self, query: Query, groups: Sequence[SeedGroup], rows: Rows) -> Doubles:
        profile = Asked(query, self._bundle).shared(self._als.folded)
        items, texts, parts = profile.items, profile.texts, self._als.parts(profile, rows)
        owned = np.zeros((items.size + len(texts), len(groups)))
        for column, group in enumerate(groups):
            places = np.searchsorted(items, group.items)  # the profile may lack some: they tell nothing
            there = places < items.size
            there[there] = items[places[there]] == group.items[there]
            owned[places[there], column] = 1.0
            owned[items.size :, column] = [text == group.text for text in texts]
        total: Doubles = parts @ (owned / np.maximum(owned.sum(axis=1, keepdims=True), 1.0))
        return total

    def _texts(self, groups: Sequence[SeedGroup], rows: Rows) -> Doubles:
        aims = np.stack([group.vectors.sum(axis=0) for group in groups])
        cosines: Doubles = (self._bundle.text_vectors[rows] @ aims.T).astype(np.float64)
        return cosines

    def _words(self, groups: Sequence[SeedGroup], rows: Rows) -> Doubles:
        page = PageTerms(self._bundle.words, rows)
        return np.stack([page.sums(page.products(group.terms)) for group in groups], axis=1)


def _shares(parts: Doubles) -> Doubles:
    """Parts (r, g) as shares of their row's sum, those against a result as 0; 0 throughout where none is for it."""
    positive = np.where(parts > _LEAST, parts, 0.0)
    sums = positive.sum(axis=1, keepdims=True)
    shares: Doubles = np.divide(positive, sums, out=np.zeros_like(positive), where=sums > 0.0)
    return shares
