"""The nearest papers of each paper by text, found once so that serving need not search for known papers."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_array

from cocite.recommender.retrieval.likeness import NEIGHBOURS
from cocite.training.progress import Progress, silent
from cocite.training.sparse_rows import heaviest

_PHASE = "Finding text neighbours"
_BLOCK_NUMBERS = 16 * 1024 * 1024  # likenesses in memory at once: 64 MB
_MOST_TERMS = 64  # of a paper that are looked up, the heaviest


@dataclass(frozen=True, slots=True)
class NeighbourTable:
    """rows int32 (n, k), nearest first, -1 where there are no more; likeness float32 (n, k), 0 there."""

    rows: npt.NDArray[np.int32]
    likeness: npt.NDArray[np.float32]


def text_neighbours(
    vectors: npt.NDArray[np.float16], words: csr_array, progress: Progress = silent, count: int = NEIGHBOURS
) -> NeighbourTable:
    """The count nearest of each paper: half the cosine of vectors (n, d), half that of words (n, v), rows of norm 1.

    Ties go to the smaller row; a likeness of 0 or less is none.
    """
    n = len(vectors)
    width = max(min(count, n - 1), 1)
    table = NeighbourTable(np.full((n, width), -1, dtype=np.int32), np.zeros((n, width), dtype=np.float32))
    wide = vectors.astype(np.float32)
    by_term = csr_array(words.T)
    asked = heaviest(words, _MOST_TERMS)
    block = max(1, _BLOCK_NUMBERS // n)
    for start in range(0, n, block):
        end = min(start + block, n)
        likeness = 0.5 * (wide[start:end] @ wide.T)
        likeness += 0.5 * np.maximum((asked[start:end] @ by_term).toarray(), 0.0)
        likeness[np.arange(end - start), np.arange(start, end)] = 0.0
        _keep_nearest(table, likeness, start)
        progress(_PHASE, end, n)
    return table


def _keep_nearest(table: NeighbourTable, likeness: npt.NDArray[np.float32], start: int) -> None:
    width = table.rows.shape[1]
    nearest = (
        np.argpartition(-likeness, width - 1, axis=1)[:, :width]
        if width < likeness.shape[1]
        else (np.tile(np.arange(width), (len(likeness), 1)))
    )
    values = np.take_along_axis(likeness, nearest, axis=1)
    order = np.lexsort((nearest, -values), axis=1)
    nearest, values = np.take_along_axis(nearest, order, axis=1), np.take_along_axis(values, order, axis=1)
    real = values > 0.0
    table.rows[start : start + len(likeness)] = np.where(real, nearest, -1)
    table.likeness[start : start + len(likeness)] = np.where(real, values, 0.0)
