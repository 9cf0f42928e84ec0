"""The learned ranker's place in a list: it orders the first proposals, the others follow as they were fused."""

import numpy as np
import numpy.typing as npt

from cocite.core.errors import CorruptData
from cocite.recommender.bundle import Bundle
from cocite.recommender.proposing import Proposals
from cocite.recommender.query import Query, Ranking
from cocite.recommender.ranking.features import FEATURES, FeatureExtractor
from cocite.recommender.ranking.models import RankModel
from cocite.recommender.retrieval.asked import Asked

CANDIDATES = 300  # ranked for seeds that are papers or texts, where the first few results matter
LIBRARY_CANDIDATES = 1000  # and for a reader's library, of which long lists are asked for


def candidate_count(query: Query) -> int:
    """How many proposals the learned ranker orders."""
    return LIBRARY_CANDIDATES if query.library_rows else CANDIDATES


def best_first(scores: npt.NDArray[np.float64]) -> npt.NDArray[np.int64]:
    """Places (k,) of the scores from the highest on, ties as they came."""
    return np.argsort(-scores, kind="stable")


class Reranker:
    """Orders proposals by the bundle's learned rankers, where it has any. Thread-safe."""

    def __init__(self, bundle: Bundle, extractor: FeatureExtractor) -> None:
        self._rankers = bundle.rankers
        self._extractor = extractor
        self._columns = {
            id(model): _columns(model) for model in (bundle.rankers.papers, bundle.rankers.libraries) if model
        }
        for model in (bundle.rankers.papers, bundle.rankers.libraries):
            if model is not None:
                model.scores(np.empty((0, len(model.features)), dtype=np.float32))  # no call waits for machine code

    def rank(self, asked: Asked, proposals: Proposals) -> Ranking:
        """All proposals, best first; scores fall from first to last and are comparable within the list only."""
        query = asked.query
        model = self._rankers.libraries if query.library_rows else self._rankers.papers
        if model is None or proposals.rows.size < 2:
            return Ranking(proposals.rows, proposals.scores)
        candidates = proposals.candidates(candidate_count(query))
        values = self._extractor.of(asked, candidates)
        scores = model.scores(values.take(self._columns[id(model)], axis=1))
        order = best_first(scores)
        rest = proposals.scores[order.size :]
        behind = scores.min() + rest - rest[0] if rest.size else rest
        rows = np.concatenate((candidates.rows[order], proposals.rows[order.size :]))
        return Ranking(rows, np.concatenate((scores[order], behind)))


def _columns(model: RankModel) -> npt.NDArray[np.int64]:
    unknown = [name for name in model.features if name not in FEATURES]
    if unknown:
        raise CorruptData(f"the ranker looks at {unknown[0]!r}, which this release does not know")
    return np.array([FEATURES.index(name) for name in model.features], dtype=np.int64)
