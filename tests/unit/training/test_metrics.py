from math import log2

import numpy as np
import pytest

from cocite.training.metrics import estimate, measure


def test_a_ranking_measured_by_hand():
    found = measure(np.array([5, 3, 9, 1]), np.array([1, 3, 7]))
    assert found == {
        "recall@20": pytest.approx(2 / 3),
        "recall@100": pytest.approx(2 / 3),
        "ndcg@10": pytest.approx((1 / log2(3) + 1 / log2(5)) / (1 + 1 / log2(3) + 1 / log2(4))),
        "mrr": 0.5,
    }


def test_ranks_count_where_the_name_says():
    ranking = np.arange(200)
    assert measure(ranking, np.array([19]))["recall@20"] == 1.0
    found = measure(ranking, np.array([20]))
    assert (found["recall@20"], found["recall@100"], found["ndcg@10"]) == (0.0, 1.0, 0.0)
    assert found["mrr"] == pytest.approx(1 / 21)
    assert set(measure(ranking, np.array([100])).values()) == {0.0}


def test_an_empty_ranking_is_worth_nothing():
    assert set(measure(np.empty(0, dtype=np.int64), np.array([1])).values()) == {0.0}


def test_more_relevant_papers_than_places_can_still_be_perfect():
    assert measure(np.arange(100), np.arange(60))["ndcg@10"] == pytest.approx(1.0)


def test_intervals_hold_the_mean_and_shrink_with_the_sample():
    few, many = estimate([0.0, 1.0] * 10), estimate([0.0, 1.0] * 1000)
    assert few.mean == many.mean == 0.5
    assert few.low < many.low < 0.5 < many.high < few.high
    # the normal approximation for a fair coin, 1.96 * 0.5 / sqrt(n)
    assert many.high - 0.5 == pytest.approx(1.96 * 0.5 / 2000**0.5, rel=0.15)
    assert estimate([0.25]) == estimate([0.25, 0.25])
