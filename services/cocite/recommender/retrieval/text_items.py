"""Factors of a text, as if it were a paper that nobody cites yet."""

import numpy as np
import numpy.typing as npt

from cocite.recommender.bundle import Bundle
from cocite.recommender.retrieval.fold_in import FoldIn
from cocite.recommender.word_index import Terms

_MOST_TERMS = 128  # folded in, the heaviest

Floats = npt.NDArray[np.float32]


class TextItems:
    """Folds texts into the space of the items, from the factors of their terms. Thread-safe."""

    def __init__(self, bundle: Bundle) -> None:
        self._als = bundle.manifest.als
        self._known = bundle.term_factors.nonzero_rows()
        gram = np.linalg.inv(bundle.source_gram_inverse.astype(np.float64))
        self._fold_in = FoldIn(bundle.term_factors, gram, bundle.source_gram_inverse, self._als.alpha)

    def factors(self, terms: Terms) -> Floats | None:
        """Factors float32 (f,) of a text of these terms; None when none of them took part in the factorisation."""
        kept = self._known[terms.places]
        places, weights = terms.places[kept], terms.weights[kept]
        if not places.size:
            return None
        if places.size > _MOST_TERMS:
            heaviest = np.sort(np.lexsort((places, -weights))[:_MOST_TERMS])
            places, weights = places[heaviest], weights[heaviest]
        return self._fold_in.fold_in(places, weights * np.float32(self._als.term_weight)).vector
