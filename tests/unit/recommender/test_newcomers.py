from random import Random

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from cocite.recommender.proposing import Proposals
from cocite.recommender.query import Ranking
from cocite.recommender.ranking.newcomers import with_newcomers_seated
from cocite.recommender.retrieval.contract import Dense

NAMES = ("text", "cocitation")


def proposals(scores: list[float], known: list[bool]) -> Proposals:
    """Rows by falling score; the first retriever speaks of all, the second of those known."""
    rows = np.argsort(-np.array(scores), kind="stable")
    silent = np.where(known, 1.0, -np.inf).astype(np.float32)
    found = {"text": Dense(np.ones(len(scores), dtype=np.float32)), "cocitation": Dense(silent)}
    return Proposals(rows, np.array(scores)[rows], found, {}, {"text": 1.0, "cocitation": 3.0})


def test_a_newcomer_is_judged_halfway_by_those_that_speak_of_it() -> None:
    asked = proposals([0.9, 0.5, 0.3, 0.3], [True, True, True, False])
    learned = Ranking(np.array([2, 0, 1, 3]), np.array([4.0, 3.0, 2.0, 1.0]))
    seated = with_newcomers_seated(learned, asked, 3)
    assert seated.rows.tolist() == [2, 3, 0, 1], "0.3 times the root of 4 stands after 0.9; the others as learned"
    assert seated.scores.tolist() == [4.0, 3.0, 3.0, 2.0]
    heard = proposals([0.9, 0.5, 0.3, 0.3], [True] * 4)
    assert with_newcomers_seated(learned, heard, 3).rows.tolist() == [2, 0, 1, 3], (
        "silence counts for nobody it is not about"
    )


def test_without_newcomers_nothing_changes() -> None:
    asked = proposals([0.9, 0.5], [True, False])
    learned = Ranking(np.array([1, 0]), np.array([2.0, 1.0]))
    assert with_newcomers_seated(learned, asked, 2) is learned


@given(
    st.lists(st.tuples(st.floats(0.01, 1.0), st.booleans()), min_size=1, max_size=12), st.integers(0, 12), st.randoms()
)
def test_nobody_is_lost_and_the_others_keep_their_order(
    papers: list[tuple[float, bool]], trained: int, random: Random
) -> None:
    asked = proposals([score for score, _ in papers], [known for _, known in papers])
    order = list(range(len(papers)))
    random.shuffle(order)
    learned = Ranking(np.array(order), np.linspace(1.0, 0.0, len(order)))
    seated = with_newcomers_seated(learned, asked, trained)
    assert sorted(seated.rows.tolist()) == list(range(len(papers)))
    assert [row for row in seated.rows if row < trained] == [row for row in order if row < trained]
    assert (np.diff(seated.scores) <= 0).all()
