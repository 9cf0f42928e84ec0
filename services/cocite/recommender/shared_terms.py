"""Terms that a seed and a result hold both."""

from collections.abc import Iterable, Iterator

import numpy as np
import numpy.typing as npt

from cocite.recommender.word_index import Terms, WordIndex

MAX_TERMS = 5
_LOOKED_AT = 2 * MAX_TERMS  # room for compounds and their parts


class PageTerms:
    """The terms of the papers in rows (r,), gathered once and compared with one text after another."""

    def __init__(self, words: WordIndex, rows: npt.NDArray[np.int64]) -> None:
        self._words = words
        spans = [words.paper_terms.span(row) for row in rows]
        self._terms = np.concatenate([words.paper_terms.rows[span] for span in spans])
        self._weights = np.concatenate([words.paper_term_weights[span] for span in spans])
        self._ends = np.cumsum([0, *(span.stop - span.start for span in spans)])

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

    def shared(self, products: npt.NDArray[np.float32], place: int) -> tuple[int, ...]:
        """At most MAX_TERMS terms, by place, that the paper at a place of the page shares with the products' texts.

        The highest product comes first, of equals the longest term; a part of a compound that is named is not named
        again.
        """
        start, end = self._ends[place], self._ends[place + 1]
        heaviest = start + np.argsort(-products[start:end], kind="stable")[:_LOOKED_AT]
        told = [(float(products[at]), int(self._terms[at])) for at in heaviest if products[at] > 0.0]
        named = [(-product, self._words.term(term), term) for product, term in told]
        order = sorted(named, key=lambda each: (each[0], -len(each[1]), each[1]))
        return tuple(_distinct((name, term) for _, name, term in order))


def _distinct(terms: Iterable[tuple[str, int]]) -> Iterator[int]:
    said: set[str] = set()
    count = 0
    for name, term in terms:
        if count == MAX_TERMS:
            return
        if name not in said:
            said.update((name, *name.split("_")))
            count += 1
            yield term
