"""Indexes of a bundle's matrices, for approximate search: see recommender/row_index.py.

Which lists a search reads is found by trying: as few as find nearly all of what all of them together would, for papers
with some of what they cite.
"""

from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_array

from cocite.recommender import layout, row_index
from cocite.recommender.row_blocks import RowBlocks
from cocite.recommender.row_index import RowIndex, bytes_of
from cocite.training.progress import Progress, silent

_PHASE = "Indexing vectors"
_ROWS_A_LIST = 40  # that its direction is learned from
_ROUNDS = 10  # of k-means
_BLOCK_ROWS = 65536
_DIMENSIONS_A_CODE = 2
_CODE_BITS = 4
_ROWS_FOR_CODES = 65536
_TRIED, _BEST = 128, 100  # queries, and rows of each that are sought
_NEARNESSES = tuple(twentieth / 20 for twentieth in range(18, -1, -1))
_LEAST_SHARE = 0.998  # of those that a search of all lists finds, that one of some must find
_FETCHED = 400  # rows that are scored exactly: row_index finds the best roughly
_CITED, _NEGATIVE_SHARE = 2, 0.25

Floats = npt.NDArray[np.float32]
Rows = npt.NDArray[np.int64]


def factor_index_arrays(factors: npt.NDArray[np.float16], citations: csr_array) -> dict[str, npt.NDArray[Any]]:
    """Lengths and index of item factors (n, f)."""
    lengths = RowBlocks(factors).lengths(np.arange(len(factors)))
    return {layout.FACTOR_LENGTHS: lengths, layout.FACTOR_INDEX: index_of(factors, citations, lengths)}


def index_of(
    matrix: npt.NDArray[np.float16], citations: csr_array, lengths: Floats | None = None, progress: Progress = silent
) -> npt.NDArray[np.uint8]:
    """The index of matrix (n, d) in bytes, uint8 (any,); none where fewer than LEAST_ROWS rows say anything.

    lengths (n,) of the rows, None where all are 1 or 0; citations (n, n), by which queries are made to try it on. Bytes
    depend on these alone.
    """
    import faiss

    told = np.flatnonzero(np.any(matrix, axis=1) if lengths is None else lengths)
    if told.size < row_index.LEAST_ROWS:
        return np.empty(0, dtype=np.uint8)
    rng = np.random.default_rng(0)
    roots = None if lengths is None else np.sqrt(np.maximum(lengths, np.finfo(np.float32).tiny))
    lists = int(2 ** round(np.log2(np.sqrt(told.size))))
    dimension = matrix.shape[1]
    directions = faiss.IndexFlatIP(dimension)
    clustering = faiss.Clustering(dimension, lists)
    clustering.niter, clustering.spherical, clustering.max_points_per_centroid = _ROUNDS, True, _ROWS_A_LIST
    clustering.train(_directions(matrix[_some(rng, told, lists * _ROWS_A_LIST)]), directions)
    codes = dimension // _DIMENSIONS_A_CODE
    index = faiss.IndexIVFPQFastScan(directions, dimension, lists, codes, _CODE_BITS, faiss.METRIC_INNER_PRODUCT)
    index.by_residual = False
    index.train(_scaled(matrix, roots, _some(rng, told, _ROWS_FOR_CODES)))
    progress(_PHASE, 0, told.size)
    for start in range(0, told.size, _BLOCK_ROWS):
        rows = told[start : start + _BLOCK_ROWS]
        index.add_with_ids(_scaled(matrix, roots, rows), rows)
        progress(_PHASE, start + rows.size, told.size)
    return bytes_of(index, _tuned(index, matrix, roots, _queries(matrix, citations, told, rng)))


def _some(rng: np.random.Generator, rows: Rows, count: int) -> Rows:
    return np.sort(rng.choice(rows, min(count, rows.size), replace=False))


def _scaled(matrix: npt.NDArray[np.float16], roots: Floats | None, rows: Rows) -> Floats:
    """The rows as they are indexed: over the root of their length."""
    found = RowBlocks(matrix)[rows]
    return found if roots is None else found / roots[rows, None]


def _directions(vectors: npt.NDArray[np.floating]) -> Floats:
    wide = vectors.astype(np.float32)
    wide /= np.maximum(np.linalg.norm(wide, axis=1, keepdims=True), np.finfo(np.float32).tiny)
    return wide


def _queries(matrix: npt.NDArray[np.float16], citations: csr_array, told: Rows, rng: np.random.Generator) -> Floats:
    """Aims as retrievers have them: the mean direction of a paper and two that it cites, less a share of another."""
    aims = []
    citing = told[np.diff(citations.indptr)[told] >= _CITED]
    seeds = rng.choice(citing if citing.size else told, _TRIED)
    for row, other in zip(seeds, rng.choice(told, _TRIED), strict=True):
        cited = citations.indices[citations.indptr[row] : citations.indptr[row + 1]][:_CITED]
        liked = _directions(matrix[[row, *cited]]).mean(axis=0)
        aims.append(liked - _NEGATIVE_SHARE * _directions(matrix[[other]])[0])
    return _directions(np.array(aims))


def _tuned(index: Any, matrix: npt.NDArray[np.float16], roots: Floats | None, aims: Floats) -> float:
    """The nearness of lists that are read."""
    best, tried = _best(matrix, roots, aims), RowIndex(bytes_of(index, 0.0))

    def share(nearness: float) -> float:
        tried.nearness = nearness
        found = [tried.search(aim, _FETCHED) for aim in aims]
        return float(np.mean([np.isin(wanted, rows).mean() for wanted, rows in zip(best, found, strict=True)]))

    enough = _LEAST_SHARE * share(_NEARNESSES[-1])
    return next(nearness for nearness in _NEARNESSES if share(nearness) >= enough)


def _best(matrix: npt.NDArray[np.float16], roots: Floats | None, aims: Floats) -> Rows:
    """For each of the aims (q, d) the rows of highest score, (q, _BEST), by an exact search."""
    rows = np.empty((len(aims), 0), dtype=np.int64)
    scores = np.empty((len(aims), 0), dtype=np.float32)
    for start in range(0, len(matrix), _BLOCK_ROWS):
        block = np.arange(start, min(start + _BLOCK_ROWS, len(matrix)))
        rows = np.concatenate((rows, np.broadcast_to(block, (len(aims), block.size))), axis=1)
        scores = np.concatenate((scores, aims @ _scaled(matrix, roots, block).T), axis=1)
        kept = np.argpartition(-scores, min(_BEST, scores.shape[1] - 1), axis=1)[:, :_BEST]
        rows, scores = np.take_along_axis(rows, kept, axis=1), np.take_along_axis(scores, kept, axis=1)
    return rows
