"""Factors of a text, as if it were a paper that nobody cites yet."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from cocite.recommender.bundle import Bundle
from cocite.recommender.ranking.fusion import top_rows
from cocite.recommender.retrieval.fold_in import FoldIn
from cocite.recommender.row_blocks import RowBlocks
from cocite.recommender.word_index import Terms, WordIndex

_MOST_TERMS = 128  # folded in, the heaviest
_REMEMBERED = 32  # texts

Floats = npt.NDArray[np.float32]


class TextItems:
    """Folds texts into the space of the items, from the factors of their terms. Thread-safe.

    Several ask for the same texts: the latest are remembered.
    """

    def __init__(self, bundle: Bundle) -> None:
        als = bundle.manifest.als
        gram = np.linalg.inv(bundle.source_gram_inverse.astype(np.float64))
        fold_in = FoldIn(bundle.term_factors, gram, bundle.source_gram_inverse, als.alpha)
        self._folding = _Folding(bundle.words, bundle.term_factors, fold_in, np.float32(als.term_weight))
        self._of_text = lru_cache(_REMEMBERED)(self._folding.of_text)

    def of(self, texts: Iterable[str]) -> dict[str, Floats]:
        """Factors float32 (f,), read-only, of those texts whose words the factorisation knows, texts in order."""
        found = {text: self._of_text(text) for text in sorted(set(texts))}
        return {text: factors for text, factors in found.items() if factors is not None}

    def factors(self, terms: Terms) -> Floats | None:
        """Factors float32 (f,) of a text of these terms; None when none of them took part in the factorisation."""
        return self._folding.of_terms(terms)


@dataclass(frozen=True, slots=True)
class _Folding:
    """What it takes to fold a text in; factors (v, f) of terms are 0 for those that took no part. Apart from the memory
    of texts, so that a bundle goes as soon as nobody holds it.
    """  # fmt: skip

    words: WordIndex
    factors: RowBlocks
    fold_in: FoldIn
    term_weight: np.float32

    def of_text(self, text: str) -> Floats | None:
        factors = self.of_terms(self.words.of_text(text))
        if factors is not None:
            factors.flags.writeable = False
        return factors

    def of_terms(self, terms: Terms) -> Floats | None:
        factors = self.factors[terms.places]
        kept = factors.any(axis=1)
        factors, weights = factors[kept], terms.weights[kept]
        if not weights.size:
            return None
        if weights.size > _MOST_TERMS:
            heaviest = np.sort(top_rows(weights, _MOST_TERMS))
            factors, weights = factors[heaviest], weights[heaviest]
        return self.fold_in.fold_in_factors(factors, weights * self.term_weight).vector
