"""The contract of retrievers: each scores every paper of the bundle for a query in its own way."""

from typing import Protocol

import numpy as np
import numpy.typing as npt

from cocite.recommender.query import Query

Scores = npt.NDArray[np.float32]


class Retriever(Protocol):
    """Scores papers. Thread-safe and deterministic. weight is its say in the fusion of several."""

    name: str
    weight: float

    def scores(self, query: Query) -> Scores | None:
        """A new array, float32 (n,), the higher the better, -inf for papers it has nothing to say about.

        None when it has nothing to go by in the query.
        """
