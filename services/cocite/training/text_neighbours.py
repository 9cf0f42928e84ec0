"""The nearest papers of each paper by text, found once so that serving need not search for known papers."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_array

from cocite.recommender.ranking.fusion import top_rows
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
    Of the words of the paper itself the heaviest count.

    Ties go to the smaller row; a likeness of 0 or less is none. Takes time with the square of the papers with text.
    """
    n = len(vectors)
    width = max(min(count, n - 1), 1)
    table = NeighbourTable(np.full((n, width), -1, dtype=np.int32), np.zeros((n, width), dtype=np.float32))
    told = np.flatnonzero(np.any(vectors, axis=1) | (np.diff(words.indptr) > 0))
    wide, words = vectors[told].astype(np.float32), csr_array(words[told])
    by_term, asked = csr_array(words.T), heaviest(words, _MOST_TERMS)
    block = max(1, _BLOCK_NUMBERS // max(told.size, 1))
    for start in range(0, told.size, block):
        end = min(start + block, told.size)
        likeness = (0.5 * wide[start:end]) @ wide.T
        likeness += ((0.5 * asked[start:end]) @ by_term).toarray()
        likeness[np.arange(end - start), np.arange(start, end)] = 0.0
        nearest = np.array([top_rows(row, min(width, told.size)) for row in likeness])
        values = np.take_along_axis(likeness, nearest, axis=1)
        table.rows[told[start:end], : nearest.shape[1]] = np.where(values > 0.0, told[nearest], -1)
        table.likeness[told[start:end], : nearest.shape[1]] = np.maximum(values, 0.0)
        progress(_PHASE, end, told.size)
    return table
