import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from cocite.recommender.ranking.fusion import reciprocal_rank_fusion, top_rows

NUMBERS = (-np.inf, -3e38, -1.0, -1e-45, -0.0, 0.0, 1e-45, 0.5, float(np.nextafter(np.float32(0.5), 1)), 1.0, 3e38)
SCORES = arrays(np.float32, st.integers(0, 40), elements=st.sampled_from(NUMBERS))


@given(SCORES, st.integers(1, 50))
def test_top_rows_is_a_full_sort_cut_off(scores: np.ndarray, k: int) -> None:
    expected = sorted((row for row in range(len(scores)) if scores[row] > -np.inf), key=lambda r: (-scores[r], r))[:k]
    before = scores.copy()
    assert list(top_rows(scores, k)) == expected
    assert scores.tobytes() == before.tobytes()


def test_fusion_by_hand() -> None:
    rows, scores = reciprocal_rank_fusion([np.array([7, 3, 5]), np.array([3, 9])], [1.0, 1.0], k=60)
    assert list(rows) == [3, 7, 9, 5]
    assert scores == pytest.approx([1 / 62 + 1 / 61, 1 / 61, 1 / 62, 1 / 63])


def test_ties_go_by_row() -> None:
    rows, _ = reciprocal_rank_fusion([np.array([8, 2]), np.array([2, 8])], [1.0, 1.0])
    assert list(rows) == [2, 8]


def test_a_list_of_more_weight_has_more_say() -> None:
    lists = [np.array([1, 2]), np.array([2, 1])]
    assert list(reciprocal_rank_fusion(lists, [1.0, 0.5])[0]) == [1, 2]
    assert list(reciprocal_rank_fusion(lists, [0.5, 1.0])[0]) == [2, 1]


def test_nothing_fuses_to_nothing() -> None:
    assert reciprocal_rank_fusion([], [])[0].size == 0
    assert reciprocal_rank_fusion([np.empty(0, dtype=np.int64)], [1.0])[0].size == 0


@given(st.lists(st.lists(st.integers(0, 30), unique=True, max_size=20), max_size=4))
def test_every_row_once_in_falling_score(lists: list[list[int]]) -> None:
    rows, scores = reciprocal_rank_fusion([np.array(each, dtype=np.int64) for each in lists], [1.0] * len(lists))
    assert sorted(rows) == sorted({row for each in lists for row in each})
    assert (np.diff(scores) <= 0).all()


LISTS = st.lists(st.lists(st.integers(0, 30), unique=True, max_size=20), max_size=4)


@given(LISTS, st.integers(1, 40), st.integers(1, 3))
def test_fusion_is_a_full_sum_and_sort_cut_off(lists: list[list[int]], depth: int, most_weights: int) -> None:
    """Few distinct weights, so that rows are level with one another and the cut goes through them."""
    weights = [0.5 * (1 + place % most_weights) for place in range(len(lists))]
    expected: dict[int, float] = {}
    for ranked, weight in zip(lists, weights, strict=True):
        for rank, row in enumerate(ranked, start=1):
            expected[row] = expected.get(row, 0.0) + weight / (10 + rank)
    best = sorted(expected, key=lambda row: (-expected[row], row))[:depth]
    rows, scores = reciprocal_rank_fusion(
        [np.array(each, dtype=np.int64) for each in lists], weights, k=10, depth=depth
    )
    assert rows.tolist() == best
    assert scores.tolist() == [expected[row] for row in best]
