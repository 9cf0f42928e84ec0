"""Likeness passage by passage, where a query brings its candidates' passages along."""

import numpy as np

from cocite.recommender.bundle import Bundle
from cocite.recommender.retrieval.asked import Asked
from cocite.recommender.retrieval.contract import Dense, Found


class PassagesRetriever:
    """The mean over the query's passages of the cosine to the candidate's most like passage (late interaction; Khattab
    and Zaharia 2020): two papers may be alike in one respect and not in the rest.
    """  # fmt: skip

    name = "passages"
    weight = 1.0

    def __init__(self, bundle: Bundle) -> None:
        self._paper_count = bundle.paper_count

    def find(self, asked: Asked) -> Found | None:
        """See Retriever. Only papers whose passages came with the query are scored, by the mean of all comparisons."""
        told = [passages for passages in asked.query.passages if len(passages.asked) and len(passages.owners)]
        if not told:
            return None
        total = np.zeros(self._paper_count, dtype=np.float32)
        seen = np.zeros(self._paper_count, dtype=np.bool_)
        for passages in told:
            order = np.argsort(passages.owners, kind="stable")
            rows, starts = np.unique(passages.owners[order], return_index=True)
            cosines = passages.candidates[order] @ passages.asked.T
            total[rows] += np.maximum.reduceat(cosines, starts, axis=0).mean(axis=1) / np.float32(len(told))
            seen[rows] = True
        total[~seen] = -np.inf
        return Dense(total)
