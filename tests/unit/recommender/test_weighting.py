import numpy as np
import pytest
from scipy.sparse import csr_array, csr_matrix, random_array

from cocite.recommender.retrieval.weighting import bm25_idf, bm25_matrix, bm25_weights


def _matrix(seed: int) -> csr_array:
    rng = np.random.default_rng(seed)
    matrix = csr_array(random_array((60, 40), density=0.15, rng=rng))
    matrix.data = rng.integers(1, 4, matrix.nnz).astype(np.float64)
    return matrix


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize(("k1", "b"), [(100.0, 0.8), (1.2, 0.75), (100.0, 0.0)])
def test_matrix_weights_equal_those_of_implicit(seed: int, k1: float, b: float) -> None:
    from implicit.nearest_neighbours import bm25_weight

    matrix = _matrix(seed)
    weighted, _, _ = bm25_matrix(matrix, k1=k1, b=b)
    expected = bm25_weight(csr_matrix(matrix), K1=k1, B=b).toarray()
    np.testing.assert_allclose(weighted.toarray(), expected, rtol=1e-12)


def test_a_folded_in_row_has_the_weights_it_had_in_training() -> None:
    matrix = _matrix(7)
    weighted, idf, average_length = bm25_matrix(matrix)
    row = int(np.argmax(np.diff(matrix.indptr)))
    span = slice(matrix.indptr[row], matrix.indptr[row + 1])
    values = matrix.data[span]
    alone = bm25_weights(values, values.sum(), idf[matrix.indices[span]], average_length=average_length)
    np.testing.assert_allclose(alone, weighted.data[span], rtol=1e-12)


def test_idf_falls_with_the_number_of_citations() -> None:
    idf = bm25_idf(100, np.array([0, 1, 10, 99]))
    assert idf[0] == pytest.approx(np.log(100))
    assert (np.diff(idf) < 0).all()
    assert idf[-1] == pytest.approx(0.0)
