import numpy as np
import pytest
from scipy.sparse import csr_array

from cocite.training import text_neighbours as module
from cocite.training.sparse_rows import with_norm_1
from cocite.training.text_neighbours import text_neighbours

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
