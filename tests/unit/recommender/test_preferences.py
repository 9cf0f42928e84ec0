"""Recency, diversity and versions of a ranking."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cocite.core.paper import Paper
from cocite.recommender.bundle import Bundle
from cocite.recommender.query import Ranking
from cocite.recommender.ranking.diversity import DEPTH, diversify, likeness
from cocite.recommender.ranking.recency import prefer_recent
from cocite.recommender.ranking.versions import one_of_each_work
from support.bundles import Corpus, write_bundle


def ranking(*rows: int) -> Ranking:
    return Ranking(np.array(rows, dtype=np.int64), np.arange(len(rows), 0, -1, dtype=np.float64))


def years(*values: int) -> np.ndarray:
    return np.array(values, dtype=np.int16)


def test_recency_moves_the_newer_up_and_none_changes_nothing() -> None:
    found, when = ranking(0, 1, 2), years(1950, 2020, 1990)
    assert prefer_recent(found, when, 0.0) is found
    assert prefer_recent(found, when, 0.05).rows.tolist() == [0, 1, 2]
    assert prefer_recent(found, when, 0.15).rows.tolist() == [1, 0, 2]
    assert prefer_recent(found, when, 1.0).rows.tolist() == [1, 2, 0]


def test_recency_goes_by_the_formula_it_documents() -> None:
    found = prefer_recent(ranking(3, 2, 1, 0), years(2000, 0, 2000, 1900), 0.5)
    # newness: 2000 twice (one older, one alike): 3/4; 1900: 0; unknown: 1/2
    scores = {3: 0.5 / 11, 2: 0.875 / 12, 1: 0.75 / 13, 0: 0.875 / 14}
    assert found.rows.tolist() == sorted(scores, key=lambda row: -scores[row])
    assert found.scores == pytest.approx([scores[row] for row in found.rows.tolist()])


@pytest.mark.parametrize("when", [years(0, 0, 0), years(1999, 1999, 1999), years(0, 1999, 0)])
def test_years_that_tell_nothing_leave_the_order(when: np.ndarray) -> None:
    assert prefer_recent(ranking(2, 0, 1), when, 1.0).rows.tolist() == [2, 0, 1]


@given(st.lists(st.sampled_from([0, 1900, 1990, 2000, 2020]), max_size=30), st.floats(0.0, 1.0))
def test_recency_keeps_the_rows_and_orders_their_scores(when: list[int], recency: float) -> None:
    found = prefer_recent(ranking(*range(len(when))), years(*when), recency)
    assert sorted(found.rows.tolist()) == list(range(len(when)))
    assert (np.diff(found.scores) <= 0).all() and np.isfinite(found.scores).all()


TEXTS = ("red red red apples", "red red red apples today", "green pears", "", "", "")


@pytest.fixture(scope="module")
def fruit(tmp_path_factory: pytest.TempPathFactory) -> Bundle:
    """Two texts alike, one apart, three without text of which the first two cite the same."""
    papers = tuple(Paper(f"local:{i}", abstract=text) for i, text in enumerate(TEXTS))
    return Bundle.load(
        write_bundle(tmp_path_factory.mktemp("fruit"), Corpus(papers, ((3, 0), (3, 2), (4, 0), (4, 2), (5, 1))))
    )


def test_likeness_is_of_texts_or_of_references(fruit: Bundle) -> None:
    alike = likeness(fruit, np.arange(6))
    assert alike == pytest.approx(alike.T) and alike.min() >= 0 and alike.max() <= 1 + 1e-3
    assert alike[0, 1] > 0.8 and alike[0, 2] < 0.3
    assert alike[3, 4] == pytest.approx(1.0) and alike[3, 5] == alike[0, 3] == 0.0


def test_the_next_one_is_relevant_and_unlike_those_before(fruit: Bundle) -> None:
    found = ranking(0, 1, 2)
    assert diversify(fruit, found, 0.0) is found
    assert diversify(fruit, found, 0.1).rows.tolist() == [0, 1, 2]
    apart = diversify(fruit, found, 0.7)
    assert apart.rows.tolist() == [0, 2, 1]
    assert apart.scores.tolist() == [3.0, 1.0, 2.0]
    assert diversify(fruit, ranking(3, 4, 5), 0.7).rows.tolist() == [3, 5, 4]
    assert diversify(fruit, ranking(2), 1.0).rows.tolist() == [2]
    assert diversify(fruit, ranking(), 1.0).rows.tolist() == []


def test_only_the_head_is_chosen_anew(tmp_path: Path) -> None:
    papers = tuple(Paper(f"local:{i}", abstract=f"text {i % 7}") for i in range(DEPTH + 50))
    bundle = Bundle.load(write_bundle(tmp_path, Corpus(papers, ())))
    found = diversify(bundle, ranking(*range(DEPTH + 50)), 0.5)
    assert sorted(found.rows[:DEPTH].tolist()) == list(range(DEPTH)) != found.rows[:DEPTH].tolist()
    assert found.rows[DEPTH:].tolist() == list(range(DEPTH, DEPTH + 50))


def test_of_a_work_the_best_ranked_version_stays() -> None:
    works = np.array([0, 1, 0, 3, 1], dtype=np.int32)
    found = one_of_each_work(ranking(4, 2, 3, 0, 1), works)
    assert (found.rows.tolist(), found.scores.tolist()) == ([4, 2, 3], [5.0, 4.0, 3.0])
    different = ranking(0, 1, 3)
    assert one_of_each_work(different, works) is different
