import numpy as np
import pytest
from scipy.sparse import csr_array

from cocite.core.paper import words_of
from cocite.synthetic.corpus import SyntheticCorpus
from cocite.training import text_neighbours as module
from cocite.training.sparse_rows import with_norm_1
from cocite.training.text_neighbours import text_neighbours
from cocite.training.word_index import WordCounts

Pair = tuple[np.ndarray, csr_array]


def some_texts(papers: int, *, silent: tuple[int, ...] = (), steps: int = 4) -> Pair:
    """Vectors and words in few steps, so that many likenesses are equal; those of silent papers are zero."""
    generator = np.random.default_rng(papers)
    vectors = generator.integers(-1, 2, (papers, 4)).astype(np.float32)
    words = generator.integers(0, steps, (papers, 6)).astype(np.float32) * (generator.random((papers, 6)) < 0.4)
    vectors[list(silent)], words[list(silent)] = 0.0, 0.0
    return (vectors / 2).astype(np.float16), with_norm_1(csr_array(words))


def by_brute_force(vectors: np.ndarray, words: csr_array, count: int) -> tuple[list[list[int]], list[list[float]]]:
    wide, dense = vectors.astype(np.float64), words.toarray().astype(np.float64)
    likeness = 0.5 * wide @ wide.T + 0.5 * dense @ dense.T
    rows, values = [], []
    for paper in range(len(wide)):
        others = [other for other in range(len(wide)) if other != paper and likeness[paper, other] > 1e-9]
        others = sorted(others, key=lambda other: (-round(likeness[paper, other], 5), other))[:count]
        rows.append(others)
        values.append([float(likeness[paper, other]) for other in others])
    return rows, values


@pytest.mark.parametrize(
    ("texts", "count"),
    [
        (some_texts(40), 5),
        (some_texts(40, silent=(0, 7, 8, 39)), 5),
        (some_texts(40), 100),
        (some_texts(3), 5),
        (some_texts(2, silent=(1,)), 5),
    ],
)
@pytest.mark.parametrize("numbers", [16 * 1024 * 1024, 200])
def test_equals_brute_force(monkeypatch: pytest.MonkeyPatch, texts: Pair, count: int, numbers: int):
    monkeypatch.setattr(module, "_BLOCK_NUMBERS", numbers)  # in one block, and a few rows at a time
    table = text_neighbours(*texts, count=count)
    rows, values = by_brute_force(*texts, count)
    found = [row[row >= 0] for row in table.rows]
    for paper, row in enumerate(found):
        told = table.likeness[paper, : row.size]
        np.testing.assert_allclose(told, values[paper], atol=1e-5)
        assert set(row.tolist()) == set(rows[paper])
        assert (table.rows[paper, row.size :] == -1).all()
        assert not table.likeness[paper, row.size :].any()


def test_identical_texts_are_neighbours_in_order_of_rows():
    vectors = np.tile(np.array([[1.0, 0.0]], dtype=np.float16), (50, 1))
    table = text_neighbours(vectors, csr_array((50, 0), dtype=np.float32), count=4)
    assert table.rows[0].tolist() == [1, 2, 3, 4]
    assert table.rows[2].tolist() == [0, 1, 3, 4]
    assert table.rows[49].tolist() == [0, 1, 2, 3]
    assert (table.likeness == 0.5).all()


@pytest.mark.parametrize("papers", [1, 2, 30])
def test_without_texts_there_are_none(papers: int):
    table = text_neighbours(np.zeros((papers, 1), dtype=np.float16), csr_array((papers, 0), dtype=np.float32))
    assert (table.rows == -1).all()
    assert not table.likeness.any()
    assert table.rows.shape == table.likeness.shape == (papers, max(min(32, papers - 1), 1))


def test_every_block_is_told():
    told: list[tuple[int, int]] = []
    text_neighbours(*some_texts(40), lambda phase, done, total: told.append((done, total)))
    assert told[-1] == (40, 40)


@pytest.fixture(scope="module")
def clustered() -> Pair:
    corpus = SyntheticCorpus.of(3000)
    counts = WordCounts()
    for paper in corpus.papers():
        counts.add(words_of(paper))
    return corpus.text_vectors(dimension=64), counts.words().weights


def test_approximate_search_finds_nearly_all_that_comparing_all_finds(clustered: Pair):
    exact, approximate = text_neighbours(*clustered), text_neighbours(*clustered, most_compared=0)
    found = [np.isin(one, other).mean() for one, other in zip(exact.rows, approximate.rows, strict=True)]
    assert np.mean(found) >= 0.95
    one, other = exact.rows[:, 0] == approximate.rows[:, 0], np.abs(exact.likeness - approximate.likeness)
    assert np.median(other[one, 0]) < 1e-3  # float16 in both
    assert not (approximate.rows == np.arange(3000)[:, None]).any()
    assert (np.diff(approximate.likeness, axis=1) <= 0).all()


def test_approximate_search_gives_the_same_every_time(clustered: Pair):
    tables = [text_neighbours(*clustered, most_compared=0) for _ in range(2)]
    assert np.array_equal(tables[0].rows, tables[1].rows)


@pytest.mark.parametrize("papers", [2, 5, 60])
def test_approximate_search_of_few_papers_finds_what_there_is(papers: int):
    texts = some_texts(papers, silent=(0,))
    exact, approximate = text_neighbours(*texts, count=3), text_neighbours(*texts, count=3, most_compared=0)
    assert approximate.rows.shape == exact.rows.shape
    assert (approximate.rows[0] == -1).all()
    known = approximate.rows >= 0
    assert (approximate.likeness[known] > 0).all()
    assert not approximate.likeness[~known].any()
