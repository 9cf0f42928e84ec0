"""Related lists: what a query for each paper alone is answered with, by the very code that answers live."""

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from threadpoolctl import threadpool_limits

from cocite.recommender import layout
from cocite.recommender.bundle import Bundle
from cocite.recommender.engine import Engine
from cocite.recommender.evidence import SeedEvidence
from cocite.recommender.query import Query
from cocite.training.progress import Progress, silent

Arrays = dict[str, npt.NDArray[Any]]
_BLOCK = 32  # papers that a thread works on at a time
_BLOCKS = 8  # given to each thread before what is done is told


@dataclass(frozen=True, slots=True)
class _Related:
    """The list of one paper: rows int32 and scores float32 (k,), and the code of its first reasons."""

    rows: npt.NDArray[np.int32]
    scores: npt.NDArray[np.float32]
    reasons: bytes


def nothing_related(count: int) -> Arrays:
    """The lists of a bundle that has none."""
    nowhere = np.zeros(count + 1, dtype=np.int64)
    return {
        layout.RELATED_OFFSETS: nowhere,
        layout.RELATED: np.empty(0, dtype=np.int32),
        layout.RELATED_SCORES: np.empty(0, dtype=np.float32),
        layout.RELATED_REASON_OFFSETS: nowhere,
        layout.RELATED_REASONS: np.empty(0, dtype=np.uint8),
    }


def related_arrays(bundle: Bundle, results: int, threads: int = 1, progress: Progress = silent) -> Arrays:
    """The lists of a bundle, of at most so many results each; papers that nothing is found for have none.

    threads change the speed, never the lists.
    """
    n = bundle.paper_count
    if not results:
        return nothing_related(n)
    engine = Engine(bundle)
    rows, scores = np.empty(n * results, dtype=np.int32), np.empty(n * results, dtype=np.float32)
    ends, reason_ends = np.zeros(n + 1, dtype=np.int64), np.zeros(n + 1, dtype=np.int64)
    reasons = bytearray()
    for row, found in enumerate(_lists(engine, results, threads)):
        end = ends[row] + found.rows.size
        rows[ends[row] : end], scores[ends[row] : end] = found.rows, found.scores
        reasons += found.reasons
        ends[row + 1], reason_ends[row + 1] = end, len(reasons)
        if (row + 1) % _BLOCK == 0 or row + 1 == n:
            progress("Related lists", row + 1, n)
    return {
        layout.RELATED_OFFSETS: ends,
        layout.RELATED: rows[: ends[-1]],
        layout.RELATED_SCORES: scores[: ends[-1]],
        layout.RELATED_REASON_OFFSETS: reason_ends,
        layout.RELATED_REASONS: np.frombuffer(bytes(reasons), dtype=np.uint8),
    }


def _lists(engine: Engine, results: int, threads: int) -> Iterator[_Related]:
    """One list for each paper, in order of rows."""
    n, at_once = engine.bundle.paper_count, threads * _BLOCKS * _BLOCK

    def of_block(rows: Sequence[int]) -> list[_Related]:
        return [_related(engine, row, results) for row in rows]

    with threadpool_limits(1, "blas"), ThreadPoolExecutor(threads, thread_name_prefix="related") as pool:
        for start in range(0, n, at_once):
            end = min(start + at_once, n)
            blocks = [range(low, min(low + _BLOCK, end)) for low in range(start, end, _BLOCK)]
            for lists in pool.map(of_block, blocks):
                yield from lists


def _related(engine: Engine, row: int, results: int) -> _Related:
    ranking = engine.rank(Query.of_paper(row), results)
    if ranking.fallback:  # the same for all, and for reasons of its own
        return _Related(np.empty(0, dtype=np.int32), np.empty(0, dtype=np.float32), b"")
    told = engine.explain([SeedEvidence(row)], ranking, 0, min(layout.EXPLAINED, ranking.rows.size))
    return _Related(ranking.rows.astype(np.int32), ranking.scores.astype(np.float32), told.code().tobytes())
