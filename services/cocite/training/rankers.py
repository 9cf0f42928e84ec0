"""The recommender's own engine, whole or in parts, for measuring."""

from cocite.core.errors import InvalidArgument
from cocite.recommender.bundle import Bundle
from cocite.recommender.engine import Engine
from cocite.recommender.query import Query, Ranking
from cocite.recommender.retrieval.popularity import PopularityRetriever
from cocite.recommender.retrieval.registry import RETRIEVERS, retrievers_of

MODEL = "model"  # as it serves
RRF = "rrf"  # all retrievers, fused by their ranks alone
_ALONE = (*RETRIEVERS, PopularityRetriever.name)
RANKERS = (*_ALONE, RRF, MODEL)


def check_ranker(name: str) -> None:
    """Raise InvalidArgument for a name that is not in RANKERS."""
    if name not in RANKERS:
        raise InvalidArgument(f"{name!r} is no retriever", hint=f"choose of {', '.join(RANKERS)}", field="retriever")


class Ranker:
    """An engine with one retriever alone, with all of them fused (RRF), or as it serves (MODEL).

    Raises InvalidArgument for an unknown name.
    """

    def __init__(self, bundle: Bundle, name: str) -> None:
        check_ranker(name)
        self._alone = name in _ALONE
        self._engine = _engine(bundle, name)

    def rank(self, query: Query, limit: int) -> Ranking:
        """Papers for the query, best first.

        Where a retriever alone finds nothing the answer is empty: the engine's fallback is none of its merit.
        """
        ranking = self._engine.rank(query, limit)
        return Ranking(ranking.rows[:0], ranking.scores[:0]) if ranking.fallback and self._alone else ranking


def _engine(bundle: Bundle, name: str) -> Engine:
    if name == MODEL:
        return Engine(bundle)
    if name == PopularityRetriever.name:
        return Engine(bundle, [PopularityRetriever(bundle)])
    return Engine(bundle, [each for each in retrievers_of(bundle) if name in (RRF, each.name)])
