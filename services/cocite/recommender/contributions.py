"""How much each of several seeds has to do with a result.

Three of the measures that relate papers add up over seeds, and so can be taken apart exactly: the ALS score (Hu, Koren,
Volinsky 2008, section 5), the cosine of text vectors and that of words. For each measure that speaks for the result,
the parts of the seeds that speak for it are taken as shares of their sum; a seed's contribution is the mean of its
shares over these measures. An item that several seeds cite belongs to each of them in equal parts.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt
from numba import types

from cocite.recommender.bundle import Bundle
from cocite.recommender.compiled import compiled
from cocite.recommender.evidence import SeedEvidence
from cocite.recommender.retrieval.als import AlsRetriever
from cocite.recommender.retrieval.asked import Asked
from cocite.recommender.shared_terms import term_products
from cocite.recommender.word_index import Terms

_LEAST = 1e-6  # a score below it is rounding

Rows = npt.NDArray[np.int64]
Doubles = npt.NDArray[np.float64]
_NO_ROWS = np.empty(0, dtype=np.int64)


@dataclass(frozen=True, slots=True)
class SeedGroup:
    """What counts as one seed: papers, rows (p,); items of its ALS profile, rows (k,); its text, "" for none, that is
    folded in beside them, and that one's vector, float32 (d,); the terms of its papers and its text.
    """  # fmt: skip

    rows: Rows
    items: Rows
    terms: Sequence[Terms]
    text: str = ""
    vector: npt.NDArray[np.float32] | None = None


class Contributions:
    """Takes results apart. Thread-safe."""

    def __init__(self, bundle: Bundle, als: AlsRetriever | None = None) -> None:
        self._bundle = bundle
        self._als = als or AlsRetriever(bundle)

    def shares(self, asked: Asked, seeds: Sequence[SeedEvidence], rows: Rows) -> Doubles:
        """Contribution of each seed to each of rows (r,), float64 (r, g), from 0 to 1.

        Columns are seeds in their order, which have all positive rows, texts and references of the query, then its
        library as one if there is any. A row adds up to 1, or is 0 throughout where no measure speaks for it.
        """
        groups = self._groups(asked.query.library_rows, seeds)
        if not rows.size or not groups:
            return np.zeros((rows.size, len(groups)))
        measures = (self._cited_together(asked, groups, rows), self._texts(groups, rows), self._words(groups, rows))
        return _shares(sum(map(_shares, measures), np.zeros((rows.size, len(groups)))))

    def _groups(self, library: Sequence[int], seeds: Sequence[SeedEvidence]) -> list[SeedGroup]:
        groups = [self._of_seed(seed) for seed in seeds]
        if library:
            rows = np.array(library, dtype=np.int64)
            groups.append(SeedGroup(rows, rows, [self._bundle.words.of_row(row) for row in library]))
        return groups

    def _of_seed(self, seed: SeedEvidence) -> SeedGroup:
        if seed.row is not None:
            row, terms = np.array([seed.row]), self._bundle.words.of_row(seed.row)
            return SeedGroup(row, np.concatenate((self._bundle.references.of(seed.row), row)), (terms,))
        terms, items = self._bundle.words.of_text(seed.text), np.array(seed.references, dtype=np.int64)
        return SeedGroup(_NO_ROWS, items, (terms,), seed.text, seed.vector)

    def _cited_together(self, asked: Asked, groups: Sequence[SeedGroup], rows: Rows) -> Doubles:
        profile = asked.shared(self._als.folded)
        items, parts = profile.items, self._als.parts(profile, rows)
        owned = np.zeros((items.size + len(profile.texts), len(groups)))
        for column, group in enumerate(groups):
            places = np.searchsorted(items[:-1], group.items)
            owned[places[items[places] == group.items] if items.size else [], column] = 1.0  # the profile may lack some
            owned[items.size :, column] = [text == group.text for text in profile.texts]
        total: Doubles = parts @ (owned / np.maximum(owned.sum(axis=1, keepdims=True), 1.0))
        return total

    def _texts(self, groups: Sequence[SeedGroup], rows: Rows) -> Doubles:
        ends = np.cumsum([rows.size, *(group.rows.size for group in groups)]).tolist()
        told = self._bundle.text_vectors[np.concatenate((rows, *(group.rows for group in groups)))]
        aims = np.stack([told[start:end].sum(axis=0) for start, end in pairwise(ends)])
        for group, aim in zip(groups, aims, strict=True):
            if group.vector is not None:
                aim += group.vector
        cosines: Doubles = (told[: rows.size] @ aims.T).astype(np.float64)
        return cosines

    def _words(self, groups: Sequence[SeedGroup], rows: Rows) -> Doubles:
        return term_products(self._bundle.words, rows, [group.terms for group in groups])


@compiled(types.float64[:, ::1](types.Array(types.float64, 2, "C", readonly=True)))
def _shares(parts: Doubles) -> Doubles:
    """Parts (r, g) as shares of their row's sum, those against a result as 0; 0 throughout where none is for it."""
    shares = np.zeros(parts.shape)
    for place in range(len(parts)):
        total = 0.0
        for part in parts[place]:
            total += part if part > _LEAST else 0.0
        for column in range(parts.shape[1]):
            if parts[place, column] > _LEAST:
                shares[place, column] = parts[place, column] / total
    return shares
