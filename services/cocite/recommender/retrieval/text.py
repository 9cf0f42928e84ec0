"""Likeness of meaning: vectors of the embedding model."""

import numpy as np
import numpy.typing as npt

from cocite.recommender.bundle import Bundle
from cocite.recommender.retrieval.asked import Asked
from cocite.recommender.retrieval.contract import Found
from cocite.recommender.retrieval.nearest import Space

NEGATIVE_SHARE = 0.25  # of the mean of negative texts; Rocchio's usual ratio of negative to positive feedback


class TextRetriever:
    """Papers whose text is like that of the seeds (Rocchio 1971).

    The cosine to the mean of the positive vectors, less a share of the mean of the negative ones. The mean, not
    the best of the seeds, so that several seeds ask for what they have in common and cost one pass.
    """

    name = "text"
    weight = 0.5  # docs/decisions/0009-fusion-constants.md

    def __init__(self, bundle: Bundle) -> None:
        self._bundle = bundle
        self._space = Space.of_texts(bundle)

    def find(self, asked: Asked) -> Found | None:
        """See Retriever. Papers without text, or pointing away from the seeds, are left to the others."""
        query = asked.query
        positive = self._mean((*query.positive_rows, *query.library_rows), query.text_vectors)
        if positive is None:
            return None
        negative = self._mean(query.negative_rows, query.negative_text_vectors)
        aim = positive if negative is None else positive - NEGATIVE_SHARE * negative
        length = max(float(np.linalg.norm(aim)), 1e-12)
        return self._space.find((aim / length).astype(np.float32))

    def _mean(self, rows: tuple[int, ...], texts: npt.NDArray[np.float32]) -> npt.NDArray[np.float32] | None:
        known = self._bundle.text_vectors[rows]
        vectors = np.concatenate((known, texts)) if len(texts) else known
        vectors = vectors[np.any(vectors, axis=1)]
        return vectors.mean(axis=0, dtype=np.float32) if len(vectors) else None
