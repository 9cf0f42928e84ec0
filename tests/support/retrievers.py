"""What a retriever says of every paper."""

import numpy as np

from cocite.recommender.bundle import Bundle
from cocite.recommender.query import Query
from cocite.recommender.retrieval.asked import Asked
from cocite.recommender.retrieval.contract import Retriever, Scores


def scores_of(retriever: Retriever, query: Query, bundle: Bundle) -> Scores | None:
    """Scores (n,) of all papers of the bundle, None where the retriever has nothing to go by."""
    found = retriever.find(Asked(query, bundle))
    return None if found is None else found.of(np.arange(bundle.paper_count))
