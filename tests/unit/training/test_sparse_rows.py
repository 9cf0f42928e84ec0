import numpy as np
import pytest
from scipy.sparse import csr_array

from cocite.training import contexts
from cocite.training.contexts import MOST_TERMS, citing_words
from cocite.training.sparse_rows import heaviest, with_norm_1


def test_the_heaviest_of_each_row_ties_by_column():
    matrix = csr_array(np.array([[3, 1, 3, 2], [0, 0, 0, 0], [1, 1, 1, 1], [0, 0, 5, 0]], dtype=np.float32))
    assert heaviest(matrix, 2).toarray().tolist() == [[3, 0, 3, 0], [0, 0, 0, 0], [1, 1, 0, 0], [0, 0, 5, 0]]


@pytest.mark.parametrize("count", [1, 3, 7, 50])
def test_the_heaviest_equal_sorting_each_row(count: int):
    generator = np.random.default_rng(count)
    dense = generator.integers(0, 6, (30, 20)).astype(np.float32)
    found = heaviest(csr_array(dense), count)
    assert found.has_sorted_indices
    for row, kept in zip(dense, found.toarray(), strict=True):
        places = sorted(np.flatnonzero(row).tolist(), key=lambda place, row=row: (-row[place], place))[:count]
        expected = np.zeros_like(row)
        expected[places] = row[places]
        assert kept.tolist() == expected.tolist()


def test_norm_1_or_0():
    matrix = csr_array(np.array([[3, 4], [0, 0], [-2, 0]], dtype=np.float32))
    scaled = with_norm_1(matrix)
    assert scaled.dtype == np.float32
    np.testing.assert_allclose(scaled.toarray(), [[0.6, 0.8], [0, 0], [-1, 0]], rtol=1e-6)
    assert matrix.toarray().tolist() == [[3, 4], [0, 0], [-2, 0]], "what is given stays"


def test_empty_matrices_stay():
    for shape in ((0, 5), (3, 0)):
        empty = csr_array(shape, dtype=np.float32)
        assert heaviest(empty, 2).shape == with_norm_1(empty).shape == shape


def test_a_paper_is_known_by_the_words_of_those_who_cite_it():
    words = with_norm_1(csr_array(np.array([[0, 0, 1], [1, 0, 0], [1, 1, 0], [0, 0, 0]], dtype=np.float32)))
    citations = np.zeros((4, 4), dtype=np.float32)
    citations[1, 0] = citations[2, 0] = 1  # 0 is cited by 1 and 2, 3 by 2, 1 by 3, which says nothing
    citations[2, 3] = citations[3, 1] = 1
    found = citing_words(csr_array(citations), words).toarray()
    mean = (words.toarray()[1] + words.toarray()[2]) / 2
    np.testing.assert_allclose(found[0], mean / np.linalg.norm(mean), rtol=1e-5)
    np.testing.assert_allclose(found[3], words.toarray()[2], rtol=1e-5)
    assert not found[[1, 2]].any()


@pytest.mark.parametrize("together", [200_000, 7, 1])
def test_contexts_equal_the_formula_and_are_cut(monkeypatch: pytest.MonkeyPatch, together: int):
    monkeypatch.setattr(contexts, "_LINKS_TOGETHER", together)
    generator = np.random.default_rng(5)
    words = with_norm_1(csr_array(generator.random((12, MOST_TERMS + 40)).astype(np.float32)))
    citations = csr_array((generator.random((12, 12)) < 0.4).astype(np.float32))
    found = citing_words(citations, words)
    assert np.diff(found.indptr).max() == MOST_TERMS
    told = heaviest(words, MOST_TERMS).toarray().astype(np.float64)
    for paper in range(12):
        citing = citations.toarray()[:, paper].astype(bool)
        if not citing.any():
            assert found.indptr[paper] == found.indptr[paper + 1]
            continue
        mean = told[citing].mean(axis=0)
        mean[np.argsort(-mean, kind="stable")[MOST_TERMS:]] = 0
        np.testing.assert_allclose(found.toarray()[paper], mean / np.linalg.norm(mean), atol=1e-5)
