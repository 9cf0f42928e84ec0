"""Where papers newer than the training stand in a list.

They had no time to be cited. Retrievers that go by who cites a paper cannot speak of them, and a ranker that learned
from citations holds against them what is no fault of theirs. So a newcomer takes the place among the others, whose
order stays, that a fused score halfway (the geometric mean) between two has: its own, in which silence counts against
it, and the one it would have if the silent retrievers said what the others say on average. Copies of known papers
that are seated so take the share of the first places that their number gives them (docs/decisions/0014).
"""

import numpy as np
import numpy.typing as npt

from cocite.recommender.proposing import Proposals
from cocite.recommender.query import Ranking


def with_newcomers_seated(ranking: Ranking, proposals: Proposals, trained_count: int) -> Ranking:
    """The ranking of all proposals with the rows from trained_count on in their places. Scores never rise."""
    new = proposals.rows >= trained_count
    if not new.any() or new.all():
        return ranking
    fair = proposals.scores[new] * np.sqrt(_unsaid(proposals, proposals.rows[new]))
    order = np.lexsort((proposals.rows[new], -fair))
    places = np.searchsorted(-proposals.scores[~new], -fair[order], side="right")
    trained = ranking.rows < trained_count
    rows, scores = ranking.rows[trained], ranking.scores[trained]
    following = scores[np.minimum(places, scores.size - 1)]
    return Ranking(
        np.insert(rows, places, proposals.rows[new][order]), np.insert(scores, places, following), ranking.fallback
    )


def _unsaid(proposals: Proposals, rows: npt.NDArray[np.int64]) -> npt.NDArray[np.float64]:
    """Weight of all retrievers that were asked over that of those that speak of each of rows (k,)."""
    spoken = np.zeros(rows.size)
    for name, said in proposals.found.items():
        if said is not None:
            spoken += proposals.weights[name] * np.isfinite(said.of(rows))
    asked = sum(proposals.weights[name] for name, said in proposals.found.items() if said is not None)
    return asked / np.maximum(spoken, 1e-12)
