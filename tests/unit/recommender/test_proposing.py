"""Each retriever has its say; for a reader's library it is another, and lists count further down."""

import numpy as np
import pytest

from cocite.recommender.bundle import Bundle
from cocite.recommender.proposing import Proposer
from cocite.recommender.query import Query
from cocite.recommender.ranking.fusion import LIBRARY_RRF_K, RRF_K
from cocite.recommender.retrieval.asked import Asked
from cocite.recommender.retrieval.contract import Dense


class Falling:
    """Scores that fall from the first row on, or rise."""

    weight = 0.5

    def __init__(self, bundle: Bundle, name: str = "items", sign: int = -1) -> None:
        self.name, self._scores = name, sign * np.arange(bundle.paper_count, dtype=np.float32)

    def find(self, asked: Asked) -> Dense:
        return Dense(self._scores)


@pytest.mark.parametrize(
    ("query", "says", "k"),
    [
        (Query(positive_rows=(20,)), (0.5, 0.5), RRF_K),
        (Query(library_rows=(20,)), (2.0, 0.5), LIBRARY_RRF_K),
    ],
)
def test_fused_by_what_each_weighs(bundle: Bundle, query: Query, says: tuple[float, float], k: int) -> None:
    proposals = Proposer((Falling(bundle), Falling(bundle, "unnamed", 1))).propose(Asked(query, bundle))
    size = bundle.paper_count - 1  # the seed is in no list
    expected = np.array([says[0] / (k + rank) + says[1] / (k + size + 1 - rank) for rank in range(1, size + 1)])
    rows = np.delete(np.arange(bundle.paper_count), 20)
    np.testing.assert_allclose(proposals.scores, np.sort(expected)[::-1])
    assert proposals.rows.tolist() == rows[np.lexsort((rows, -expected))].tolist()
    assert proposals.weights == {"items": says[0], "unnamed": says[1]}


def test_what_lists_go_on_with_follows(bundle: Bundle, monkeypatch: pytest.MonkeyPatch) -> None:
    retrievers, query = (Falling(bundle), Falling(bundle, "unnamed")), Query(positive_rows=(20,))
    whole = Proposer(retrievers).propose(Asked(query, bundle))
    monkeypatch.setattr("cocite.recommender.proposing._READ", 3)
    short = Proposer(retrievers).propose(Asked(query, bundle))
    assert all(each.size == 3 for each in short.lists.values())
    assert short.rows.tolist() == whole.rows.tolist()
    assert (np.diff(short.scores) <= 0).all()
