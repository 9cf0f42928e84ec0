import numpy as np
import pytest
from implicit.nearest_neighbours import bm25_weight
from scipy.sparse import csr_array

from cocite.core.errors import InvalidArgument
from cocite.recommender.retrieval.fold_in import FoldIn, regularized_gram
from cocite.recommender.retrieval.weighting import bm25_matrix
from cocite.training.als import Factorisation, factorise
from cocite.training.corpus import Corpus
from cocite.training.matrices import interaction_matrix
from cocite.training.options import AlsOptions

from .conftest import checkerboard


def no_words(papers: int) -> csr_array:
    return csr_array((papers, 0), dtype=np.float32)


def arrays_of(found: Factorisation) -> tuple[np.ndarray, ...]:
    return (
        found.item_factors,
        found.gram_inverse,
        found.item_idf,
        found.term_factors,
        found.source_gram_inverse,
    )


def scores(found: Factorisation, matrix: csr_array, row: int, options: AlsOptions):
    weighted = bm25_matrix(matrix, k1=options.k1, b=options.b)[0]
    gram = regularized_gram(found.item_factors, found.parameters.regularization)
    fold_in = FoldIn(found.item_factors, gram, found.gram_inverse, options.alpha)
    start, end = weighted.indptr[row], weighted.indptr[row + 1]
    return found.item_factors @ fold_in.fold_in(weighted.indices[start:end], weighted.data[start:end]).vector


@pytest.mark.parametrize("options", [AlsOptions(factors=2, regularization=0.01), AlsOptions(factors=8)])
def test_finds_the_withheld_diagonal_of_a_checkerboard(options: AlsOptions):
    board = checkerboard(50)
    found = factorise(board, no_words(50), options, seed=3)
    for row in range(50):
        ranked = scores(found, board, row, options)
        ranked[board.indices[board.indptr[row] : board.indptr[row + 1]]] = -np.inf
        assert int(np.argmax(ranked)) == row


def test_same_seed_same_bytes_whatever_the_threads(corpus: Corpus):
    matrix = interaction_matrix(corpus.citations, corpus.libraries)
    words = corpus.words.weights
    runs = [factorise(matrix, words, AlsOptions(threads=threads), seed=7) for threads in (1, 1, 2, 2)]
    everything = {b"".join(each.tobytes() for each in arrays_of(run)) for run in runs}
    assert len(everything) == 1
    assert factorise(matrix, words, AlsOptions(), seed=8).item_factors.tobytes() != runs[0].item_factors.tobytes()


def test_weights_are_those_of_implicit(corpus: Corpus):
    matrix = interaction_matrix(corpus.citations, corpus.libraries)
    ours, _, _ = bm25_matrix(matrix, k1=100.0, b=0.2)
    np.testing.assert_allclose(ours.toarray(), bm25_weight(matrix, K1=100.0, B=0.2).toarray(), rtol=1e-6)


def test_what_the_bundle_needs_fits_together(corpus: Corpus):
    found = factorise(interaction_matrix(corpus.citations, corpus.libraries), no_words(40), AlsOptions(), seed=0)
    factors = found.item_factors
    gram = factors.T.astype(np.float64) @ factors + found.parameters.regularization * np.eye(factors.shape[1])
    np.testing.assert_allclose(found.gram_inverse @ gram, np.eye(factors.shape[1]), atol=1e-4)
    assert found.parameters.factors == factors.shape[1] == 20  # half the 40 citing papers
    assert found.parameters.average_length == 8.0


def test_papers_nobody_has_get_zero_factors():
    board = checkerboard(20).toarray()
    board[:, 5] = 0
    factors = factorise(csr_array(board), no_words(board.shape[1]), AlsOptions(), 0).item_factors
    assert np.flatnonzero(~factors.any(axis=1)).tolist() == [5]


def test_regularization_does_not_swallow_small_corpora():
    """Six papers, two pairs of them cited together: its strength follows the weights, which are small here."""
    board = np.zeros((6, 4), dtype=np.float32)
    board[:3, :2] = board[3:, 2:] = 1
    factors = factorise(csr_array(board), no_words(board.shape[1]), AlsOptions(), 0).item_factors
    likeness = factors @ factors.T
    assert likeness[0, 1] > 0.1 * likeness[0, 0] > 10 * abs(likeness[0, 2])


@pytest.mark.parametrize("matrix", [np.zeros((0, 3)), np.ones((1, 3)), np.ones((2, 2))])
def test_matrices_that_say_nothing_give_one_zero_factor(matrix: np.ndarray):
    found = factorise(csr_array(matrix.astype(np.float32)), no_words(matrix.shape[1]), AlsOptions(), 0)
    assert found.item_factors.shape == (matrix.shape[1], 1)
    assert not found.item_factors.any()
    assert found.gram_inverse.tolist() == [[pytest.approx(1 / found.parameters.regularization)]]
    assert found.parameters.average_length > 0


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("factors", 0),
        ("alpha", float("nan")),
        ("regularization", 0.0),
        ("b", 1.5),
        ("k1", -1.0),
        ("threads", 0),
        ("words_share", -0.1),
        ("least_words", float("inf")),
    ],
)
def test_bad_options_are_named(name: str, value: float):
    with pytest.raises(InvalidArgument) as raised:
        AlsOptions(**{name: value})
    assert raised.value.field == name


def topics(papers: int, *, uncited: int) -> tuple[csr_array, csr_array]:
    """Even papers cite and are cited by even ones and share three words, odd ones likewise; the last are uncited."""
    board = checkerboard(papers).toarray()
    board[-uncited:] = board[:, -uncited:] = 0
    words = np.zeros((papers, 8), dtype=np.float32)
    words[::2, :3] = words[1::2, 3:6] = 0.5
    words[:, 6:] = 0.1  # in all of them
    return csr_array(board[np.flatnonzero(board.any(axis=1))]), csr_array(words)


def near_their_topic(factors: np.ndarray, uncited: int) -> bool:
    units = factors / np.maximum(np.linalg.norm(factors, axis=1, keepdims=True), 1e-9)
    likeness = units[-uncited:] @ units[:-uncited].T
    rows = np.arange(len(factors))
    same = rows[-uncited:, None] % 2 == rows[None, :-uncited] % 2
    return bool(likeness[same].min() > likeness[~same].max() + 0.2)


def test_papers_that_nobody_cites_get_factors_near_their_topic():
    links, words = topics(40, uncited=4)
    found = factorise(links, words, AlsOptions(factors=4), seed=1)
    assert near_their_topic(found.item_factors, 4)
    known = np.flatnonzero(np.asarray(found.term_factors).any(axis=1))
    assert known.tolist() == list(range(8))


def test_without_words_they_get_none():
    options = AlsOptions(factors=4, words_share=0.0, least_words=0.0)
    links, words = topics(40, uncited=4)
    found = factorise(links, words, options, seed=1)
    assert not found.item_factors[-4:].any()
    assert found.item_factors[:-4].any(axis=1).all()
    assert not found.term_factors.any()
    alone = factorise(links, no_words(40), options, seed=1)
    assert found.item_factors.tobytes() == alone.item_factors.tobytes()


def test_words_alone_are_enough():
    _, words = topics(40, uncited=4)
    found = factorise(csr_array((0, 40), dtype=np.float32), words, AlsOptions(factors=4), seed=1)
    assert near_their_topic(found.item_factors, 4)


def test_terms_of_few_papers_take_no_part():
    links, words = topics(40, uncited=4)
    dense = np.column_stack((words.toarray(), np.arange(40) < 4, np.arange(40) < 5)).astype(np.float32)
    found = factorise(links, csr_array(dense), AlsOptions(factors=4), seed=1)
    assert np.asarray(found.term_factors).any(axis=1).tolist() == [True] * 8 + [False, True]


def test_a_paper_of_which_nothing_is_known_gets_no_factors():
    links, words = topics(40, uncited=4)
    alone = np.zeros((1, 41), dtype=np.float32)
    alone[0, 40] = 1.0  # its only reader keeps nothing else, and it has no words
    lists = csr_array(
        np.vstack((np.column_stack((links.toarray(), np.zeros(links.shape[0]))), alone)).astype(np.float32)
    )
    terms = csr_array(np.vstack((words.toarray(), np.zeros((1, words.shape[1])))).astype(np.float32))
    found = factorise(lists, terms, AlsOptions(factors=4, regularization=8.0, iterations=15), seed=1)
    assert not found.item_factors[40].any()
    assert found.item_factors[:40].any(axis=1).all()
