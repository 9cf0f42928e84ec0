"""The last resort: the most cited and most kept papers."""

import numpy as np

from cocite.recommender.bundle import Bundle
from cocite.recommender.retrieval.asked import Asked
from cocite.recommender.retrieval.contract import Dense, Scores


class PopularityRetriever:
    """The papers that most papers cite and readers keep, whatever the query: the last resort."""

    name = "popularity"
    weight = 1.0

    def __init__(self, bundle: Bundle) -> None:
        self.counts: Scores = (bundle.cited_by.counts() + bundle.readers.counts()).astype(np.float32)

    def find(self, asked: Asked) -> Dense:
        """See Retriever."""
        return Dense(self.counts)
