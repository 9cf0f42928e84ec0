import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cocite.recommender import row_blocks
from cocite.recommender.row_blocks import RowBlocks


def matrix(rows: int, seed: int) -> npt.NDArray[np.float16]:
    return np.random.default_rng(seed).normal(size=(rows, 5)).astype(np.float16)


@given(st.lists(st.integers(0, 6), min_size=1, max_size=4), st.data())
def test_blocks_are_one_matrix(sizes: list[int], data: st.DataObject) -> None:
    parts = [matrix(size, seed) for seed, size in enumerate(sizes)]
    whole = np.concatenate(parts).astype(np.float32)
    blocks = RowBlocks(parts[0])
    for part in parts[1:]:
        blocks = blocks.with_rows(part)
    vector = matrix(1, 99)[0].astype(np.float32)
    assert (len(blocks), blocks.shape) == (len(whole), whole.shape)
    np.testing.assert_array_equal(np.asarray(blocks), whole)
    np.testing.assert_allclose(blocks @ vector, whole @ vector, atol=1e-5)
    np.testing.assert_array_equal(blocks.nonzero_rows(), whole.any(axis=1))
    if len(whole):
        rows = data.draw(st.lists(st.integers(0, len(whole) - 1), max_size=8))
        np.testing.assert_array_equal(blocks[rows], whole[rows].reshape(-1, 5))
        np.testing.assert_array_equal(blocks[len(whole) - 1], whole[-1])
    with pytest.raises(IndexError):
        RowBlocks(parts[0])[[len(parts[0])]]


def test_growing_copies_nothing_and_leaves_the_old_as_it_was() -> None:
    first = RowBlocks(matrix(10, 1))
    longer = first.with_rows(matrix(3, 2))
    assert longer.blocks[0] is first.blocks[0]
    assert (len(first), len(longer)) == (10, 13)


def test_a_block_too_large_to_keep_converted_gives_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    kept = RowBlocks(matrix(10, 1)).with_rows(matrix(4, 2))
    monkeypatch.setattr(row_blocks, "_RESIDENT_NUMBERS", 0)
    monkeypatch.setattr(row_blocks, "_BLOCK_ROWS", 3)
    large = RowBlocks(matrix(10, 1)).with_rows(matrix(4, 2))
    vector = matrix(1, 3)[0].astype(np.float32)
    assert large.blocks[0].dtype == np.float16
    np.testing.assert_allclose(large @ vector, kept @ vector, atol=1e-5)
    np.testing.assert_array_equal(large[[0, 12]], kept[[0, 12]])
