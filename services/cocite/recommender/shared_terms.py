"""Words of a page's papers, compared with texts."""

from collections.abc import Iterable

import numpy as np
import numpy.typing as npt

from cocite.recommender.word_index import Terms, WordIndex


class PageTerms:
    """The terms of the papers in rows (r,), gathered once and compared with one text after another."""

    def __init__(self, words: WordIndex, rows: npt.NDArray[np.int64]) -> None:
        self._words = words
        found = [words.of_row(int(row)) for row in rows]
        self._terms = np.concatenate([each.places for each in found])
        self._weights = np.concatenate([each.weights for each in found])
        self._ends = np.cumsum([0, *(each.places.size for each in found)])

    def products(self, told: Iterable[Terms]) -> npt.NDArray[np.float32]:
        """For each term of each paper, one paper after another: its weight times its weights in all the texts."""
        aim = np.zeros(self._words.vocabulary.size, dtype=np.float32)
        for terms in told:
            aim[terms.places] += terms.weights
        found: npt.NDArray[np.float32] = self._weights * aim[self._terms]
        return found

    def sums(self, products: npt.NDArray[np.float32]) -> npt.NDArray[np.float64]:
        """Products added up for each paper, float64 (r,)."""
        running = np.concatenate(([0.0], np.cumsum(products, dtype=np.float64)))
        totals: npt.NDArray[np.float64] = running[self._ends[1:]] - running[self._ends[:-1]]
        return totals
