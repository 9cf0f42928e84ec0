import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st

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


@pytest.mark.parametrize("dtype", [np.float16, np.float32])
def test_products_and_lengths_of_rows_are_those_of_float32(dtype: type[np.floating]) -> None:
    first, second = matrix(40, 1).astype(dtype), matrix(3, 2).astype(dtype)
    whole = np.concatenate((first, second)).astype(np.float32)
    blocks = RowBlocks(first).with_rows(second)
    rows, aim = np.array([42, 0, 17, 17, 40]), matrix(1, 3)[0].astype(np.float32)
    np.testing.assert_allclose(blocks.products(rows, aim), whole[rows] @ aim, rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(blocks.lengths(rows), np.linalg.norm(whole[rows], axis=1), rtol=1e-5)
    np.testing.assert_array_equal(blocks[rows], whole[rows])
    for bad in (-1, 43):
        with pytest.raises(IndexError):
            blocks.products(np.array([bad]), aim)


def test_every_float16_is_read_as_what_it_is() -> None:
    numbers = np.arange(2**16, dtype=np.uint16).view(np.float16).reshape(-1, 4)
    found = RowBlocks(numbers)[np.arange(len(numbers))]
    np.testing.assert_array_equal(found, numbers.astype(np.float32))  # zeros, subnormals, infinities, not-a-numbers


def test_a_matrix_of_zeros_has_nothing() -> None:
    blocks = RowBlocks(np.zeros((3, 5), dtype=np.float16))
    assert not blocks.has_nonzero()
    assert blocks.with_rows(matrix(1, 1)).has_nonzero()
