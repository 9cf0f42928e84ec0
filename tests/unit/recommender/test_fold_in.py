import numpy as np
import numpy.typing as npt
import pytest
from scipy.sparse import csr_matrix

from cocite.recommender.retrieval.fold_in import FoldIn, regularized_gram

ALPHA, REGULARIZATION, FACTORS, ITEMS = 20.0, 0.05, 16, 200


def _factors() -> npt.NDArray[np.float32]:
    return np.random.default_rng(3).normal(0, 0.3, (ITEMS, FACTORS)).astype(np.float32)


def _fold_in(factors: npt.NDArray[np.float32]) -> FoldIn:
    gram = factors.T.astype(np.float64) @ factors + REGULARIZATION * np.eye(FACTORS)
    inverse = np.linalg.inv(gram).astype(np.float32)
    return FoldIn(factors, regularized_gram(factors, REGULARIZATION), inverse, ALPHA)


def _query(count: int, seed: int, negative: int) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.float64]]:
    rng = np.random.default_rng(seed)
    rows = np.sort(rng.choice(ITEMS, count, replace=False))
    weights = rng.uniform(0.01, 6.0, count)
    weights[:negative] *= -1
    return rows, weights


CASES = [(1, 0), (2, 1), (10, 0), (10, 3), (16, 4), (17, 0), (60, 20)]


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize(("count", "negative"), CASES)
def test_equals_implicit(count: int, negative: int, seed: int) -> None:
    from implicit.cpu.als import AlternatingLeastSquares

    factors = _factors()
    rows, weights = _query(count, seed, negative)
    model = AlternatingLeastSquares(
        factors=FACTORS, alpha=ALPHA, regularization=REGULARIZATION, num_threads=1, random_state=0
    )
    model.item_factors = factors
    line = csr_matrix((weights.astype(np.float32), (np.zeros_like(rows), rows)), shape=(1, ITEMS))
    expected = model.recalculate_user(0, line)
    np.testing.assert_allclose(_fold_in(factors).fold_in(rows, weights).vector, expected, atol=1e-5)


@pytest.mark.parametrize(("count", "negative"), CASES)
def test_equals_a_dense_solve(count: int, negative: int) -> None:
    factors = _factors().astype(np.float64)
    rows, weights = _query(count, 11, negative)
    system, right = factors.T @ factors + REGULARIZATION * np.eye(FACTORS), np.zeros(FACTORS)
    for row, weight in zip(rows, weights, strict=True):
        system += (abs(ALPHA * weight) - 1) * np.outer(factors[row], factors[row])
        right += max(ALPHA * weight, 0.0) * factors[row]
    expected = np.linalg.solve(system, right)
    np.testing.assert_allclose(_fold_in(_factors()).fold_in(rows, weights).vector, expected, atol=1e-5)


def test_both_ways_agree_where_they_meet() -> None:
    factors = _factors()
    rows, weights = _query(FACTORS + 1, 5, 4)
    fold_in = _fold_in(factors)
    dense = fold_in.fold_in(rows, weights).vector
    signed = ALPHA * weights
    woodbury = fold_in._by_woodbury(factors[rows].astype(np.float64), np.abs(signed) - 1, np.maximum(signed, 0))
    np.testing.assert_allclose(dense, woodbury.vector, atol=1e-5)


def test_no_items_give_the_zero_vector_and_a_disliked_item_scores_lower() -> None:
    factors = _factors()
    fold_in = _fold_in(factors)
    nothing = np.empty(0, dtype=np.int64)
    assert not fold_in.fold_in(nothing, np.empty(0)).vector.any()
    liked = fold_in.fold_in(np.array([4, 9]), np.array([3.0, 3.0])).vector
    disliking = fold_in.fold_in(np.array([4, 9, 17]), np.array([3.0, 3.0, -3.0])).vector
    assert abs(factors[17] @ disliking) < 0.5 * abs(factors[17] @ liked)


@pytest.mark.parametrize(("count", "negative"), CASES)
def test_held_out_scores_equal_folding_in_without_the_item(count: int, negative: int) -> None:
    factors = _factors()
    rows, weights = _query(count, 7, negative)
    fold_in = _fold_in(factors)
    folded = fold_in.fold_in(rows, weights)
    for place, row in enumerate(rows):
        without = fold_in.fold_in(np.delete(rows, place), np.delete(weights, place)).vector
        assert folded.held_out[place] == pytest.approx(factors[row] @ without, abs=1e-4)
    if count > 1:  # what the item says for itself is left out
        assert np.abs(folded.held_out - factors[rows] @ folded.vector).max() > 1e-3
