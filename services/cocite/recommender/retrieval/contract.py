"""The contract of retrievers: each finds papers for a query in its own way and says how good they are."""

from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt

from cocite.recommender.allowed import Allowed
from cocite.recommender.ranking.fusion import top_rows
from cocite.recommender.retrieval.asked import Asked

Rows = npt.NDArray[np.int64]
Scores = npt.NDArray[np.float32]


class Found(Protocol):
    """What one retriever says of the papers for one query. Scores are the higher the better."""

    def best(self, count: int, allowed: Allowed) -> Rows:
        """At most count of the rows that may be in the answer, best first, ties by row."""

    def of(self, rows: npt.NDArray[np.integer]) -> Scores:
        """Scores of rows (k,), a new array float32 (k,), -inf where it has nothing to say."""


class Retriever(Protocol):
    """Finds papers. Thread-safe and deterministic. weight is its say in the fusion of several."""

    name: str
    weight: float

    def find(self, asked: Asked) -> Found | None:
        """What there is to say; None when it has nothing to go by in the query."""


@dataclass(frozen=True, slots=True)
class Dense:
    """Scores of every paper, float32 (n,), -inf where there is nothing to say."""

    scores: Scores

    def best(self, count: int, allowed: Allowed) -> Rows:
        """See Found."""
        return top_rows(np.where(allowed.mask, self.scores, np.float32(-np.inf)), count)

    def of(self, rows: npt.NDArray[np.integer]) -> Scores:
        """See Found."""
        found: Scores = self.scores[rows]
        return found


@dataclass(frozen=True, slots=True)
class Sparse:
    """Scores float32 (k,) of some papers, rows (k,) ascending, each once; of others there is nothing to say."""

    rows: Rows
    scores: Scores

    def best(self, count: int, allowed: Allowed) -> Rows:
        """See Found."""
        kept = allowed.of(self.rows)
        rows = self.rows[kept]
        return rows[top_rows(self.scores[kept], count)]

    def of(self, rows: npt.NDArray[np.integer]) -> Scores:
        """See Found."""
        found = np.full(len(rows), -np.inf, dtype=np.float32)
        if self.rows.size:
            places = np.minimum(np.searchsorted(self.rows, rows), self.rows.size - 1)
            known = self.rows[places] == rows
            found[known] = self.scores[places[known]]
        return found
