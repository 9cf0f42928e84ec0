"""The nearest papers of each paper by text, found once so that serving need not search for known papers."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_array

from cocite.recommender.ranking.fusion import top_rows
from cocite.recommender.retrieval.likeness import NEIGHBOURS
from cocite.training.near_vectors import near_vectors
from cocite.training.progress import Progress, silent
from cocite.training.sparse_rows import heaviest

MOST_COMPARED = 50_000  # papers that are compared each with all; with more, each with those of near vectors
_PHASE = "Finding text neighbours"
_BLOCK_NUMBERS = 16 * 1024 * 1024  # likenesses in memory at once: 64 MB
_MOST_TERMS = 64  # of a paper that are looked up, the heaviest
_CANDIDATES = 4  # times as many papers of near vectors as neighbours are looked for
_DENSE_NUMBERS = 4 * 1024 * 1024  # words of papers spread out at once: 16 MB

Floats = npt.NDArray[np.float32]
Rows = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class NeighbourTable:
    """rows int32 (n, k), nearest first, -1 where there are no more; likeness float32 (n, k), 0 there."""

    rows: npt.NDArray[np.int32]
    likeness: Floats


def text_neighbours(
    vectors: npt.NDArray[np.float16],
    words: csr_array,
    progress: Progress = silent,
    count: int = NEIGHBOURS,
    most_compared: int = MOST_COMPARED,
) -> NeighbourTable:
    """The count nearest of each paper: half the cosine of vectors (n, d), half that of words (n, v), rows of norm 1.
    Of the words of the paper itself the heaviest count.

    Ties go to the smaller row; a likeness of 0 or less is none. Of more than most_compared papers with text, only
    those are looked at whose vectors are among the nearest, as far as approximate search finds them.
    """
    n = len(vectors)
    width = max(min(count, n - 1), 1)
    table = NeighbourTable(np.full((n, width), -1, dtype=np.int32), np.zeros((n, width), dtype=np.float32))
    told = np.flatnonzero(np.any(vectors, axis=1) | (np.diff(words.indptr) > 0))
    if told.size < n:
        vectors, words = vectors[told], csr_array(words[told])
    found = _by_all if told.size <= most_compared else _by_candidates
    for start, rows, likeness in found(vectors, words, min(width, told.size)):
        end = start + len(rows)
        table.rows[told[start:end], : rows.shape[1]] = np.where(likeness > 0.0, told[rows], -1)
        table.likeness[told[start:end], : rows.shape[1]] = np.maximum(likeness, 0.0)
        progress(_PHASE, end, told.size)
    return table


def _by_all(vectors: npt.NDArray[np.float16], words: csr_array, count: int) -> Iterator[tuple[int, Rows, Floats]]:
    """Block by block, from a row on, the rows (b, count) nearest to each and their likeness. Takes n^2 time."""
    wide, by_term, asked = vectors.astype(np.float32), csr_array(words.T), heaviest(words, _MOST_TERMS)
    block = max(1, _BLOCK_NUMBERS // max(len(wide), 1))
    for start in range(0, len(wide), block):
        end = min(start + block, len(wide))
        likeness = np.matmul(0.5 * wide[start:end], wide.T, dtype=np.float32)
        likeness += ((0.5 * asked[start:end]) @ by_term).toarray()
        likeness[np.arange(end - start), np.arange(start, end)] = 0.0
        nearest = np.array([top_rows(row, count) for row in likeness])
        yield start, nearest, np.take_along_axis(likeness, nearest, axis=1)


def _by_candidates(
    vectors: npt.NDArray[np.float16], words: csr_array, count: int
) -> Iterator[tuple[int, Rows, Floats]]:
    """The same, of each only those compared that near_vectors finds."""
    asked = heaviest(words, _MOST_TERMS)
    block = max(1, _DENSE_NUMBERS // max(words.shape[1], 1))
    for near in near_vectors(vectors, _CANDIDATES * count):
        for low in range(0, len(near.rows), block):
            candidates = near.rows[low : low + block]
            start = near.start + low
            spread = csr_array(asked[start : start + len(candidates)]).toarray()
            likeness: Floats = 0.5 * (near.products[low : low + block] + _words_likeness(spread, words, candidates))
            likeness[candidates < 0] = 0.0
            order = np.argsort(-likeness, axis=1, kind="stable")[:, :count]
            yield start, np.take_along_axis(candidates, order, axis=1), np.take_along_axis(likeness, order, axis=1)


def _words_likeness(asked: Floats, words: csr_array, candidates: Rows) -> Floats:
    """Dot products (b, k) of rows asked (b, v) with the rows of words that are their candidates (b, k)."""
    theirs = csr_array(words[candidates.ravel()])
    owner = np.repeat(np.arange(candidates.size) // candidates.shape[1], np.diff(theirs.indptr))
    products = theirs.data * asked[owner, theirs.indices]
    sums = np.concatenate(([0.0], np.cumsum(products, dtype=np.float64)))
    return np.diff(sums[theirs.indptr]).reshape(candidates.shape).astype(np.float32)
