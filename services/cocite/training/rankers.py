"""The recommender's own engine, asked what a citing paper should cite as of its year."""

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from cocite.core.errors import InvalidArgument
from cocite.recommender.bundle import Bundle
from cocite.recommender.engine import Engine
from cocite.recommender.query import Query, Ranking
from cocite.recommender.retrieval.als import AlsRetriever
from cocite.recommender.retrieval.contract import Retriever
from cocite.recommender.retrieval.popularity import PopularityRetriever
from cocite.recommender.retrieval.text import TextRetriever

FUSED = "fused"
RANKERS = ("als", "text", FUSED, "popularity")


_ALONE: dict[str, Callable[[Bundle], Retriever]] = {
    "als": AlsRetriever,
    "text": TextRetriever,
    "popularity": PopularityRetriever,
}


def check_ranker(name: str) -> None:
    """Raise InvalidArgument for a name that is not in RANKERS."""
    if name not in RANKERS:
        raise InvalidArgument(f"{name!r} is no retriever", hint=f"choose of {', '.join(RANKERS)}", field="retriever")


class Ranker:
    """An engine with one retriever alone, or as it serves (fused). Raises InvalidArgument for an unknown name."""

    def __init__(self, bundle: Bundle, name: str) -> None:
        check_ranker(name)
        self._bundle = bundle
        self._name = name
        self._engine = Engine(bundle) if name == FUSED else Engine(bundle, [_ALONE[name](bundle)])

    def rank(self, row: int, limit: int) -> Ranking:
        """Papers for the paper in a row, best first: not newer than it where years are known, none of its references.

        Where a retriever alone finds nothing the answer is empty: the engine's fallback is none of its merit.
        """
        ranking = self._engine.rank(
            Query(positive_rows=(row,), exclude_rows=tuple(_excluded(self._bundle, row).tolist())), limit
        )
        if ranking.fallback and self._name != FUSED:
            return Ranking(ranking.rows[:0], ranking.scores[:0])
        return ranking


def _excluded(bundle: Bundle, row: int) -> npt.NDArray[np.int64]:
    year = bundle.year(row)
    newer = np.flatnonzero(bundle.years > year) if year else np.empty(0, dtype=np.int64)
    return np.union1d(newer, bundle.references.of(row))
