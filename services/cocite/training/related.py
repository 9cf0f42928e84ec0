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


def related_arrays(
    bundle: Bundle,
    results: int,
    threads: int = 1,
    progress: Progress = silent,
    seeds: npt.NDArray[np.integer] | None = None,
) -> Arrays:
    """The lists of a bundle, of at most so many results each; papers that nothing is found for have none.

    seeds (k,), ascending, are the papers that get a list, by default all. threads change the speed, never the lists.
    """
    n = bundle.paper_count
    if not results:
        return nothing_related(n)
    engine = Engine(bundle)
    papers: Sequence[int] = range(n) if seeds is None else seeds.tolist()
    count = len(papers)
    rows, scores = np.empty(count * results, dtype=np.int32), np.empty(count * results, dtype=np.float32)
    sizes, reason_sizes = np.zeros(n, dtype=np.int64), np.zeros(n, dtype=np.int64)
    end, reasons = 0, bytearray()
    for done, (paper, found) in enumerate(zip(papers, _lists(engine, papers, results, threads), strict=True), start=1):
        start, end = end, end + found.rows.size
        rows[start:end], scores[start:end] = found.rows, found.scores
        reasons += found.reasons
        sizes[paper], reason_sizes[paper] = found.rows.size, len(found.reasons)
        if done % _BLOCK == 0 or done == count:
            progress("Related lists", done, count)
    return {
        layout.RELATED_OFFSETS: _offsets(sizes),
        layout.RELATED: rows[:end],
        layout.RELATED_SCORES: scores[:end],
        layout.RELATED_REASON_OFFSETS: _offsets(reason_sizes),
        layout.RELATED_REASONS: np.frombuffer(bytes(reasons), dtype=np.uint8),
    }


def _offsets(sizes: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    return np.concatenate((np.zeros(1, dtype=np.int64), np.cumsum(sizes)))


def _lists(engine: Engine, papers: Sequence[int], results: int, threads: int) -> Iterator[_Related]:
    """One list for each of the papers, in their order."""
    at_once = threads * _BLOCKS * _BLOCK

    def of_block(rows: Sequence[int]) -> list[_Related]:
        return [_related(engine, row, results) for row in rows]

    with threadpool_limits(1, "blas"), ThreadPoolExecutor(threads, thread_name_prefix="related") as pool:
        for start in range(0, len(papers), at_once):
            given = papers[start : start + at_once]
            blocks = [given[low : low + _BLOCK] for low in range(0, len(given), _BLOCK)]
            for lists in pool.map(of_block, blocks):
                yield from lists


def _related(engine: Engine, row: int, results: int) -> _Related:
    ranking = engine.rank(Query.of_paper(row), results)
    if ranking.fallback:  # the same for all, and for reasons of its own
        return _Related(np.empty(0, dtype=np.int32), np.empty(0, dtype=np.float32), b"")
    told = engine.explain([SeedEvidence(row)], ranking, 0, min(layout.EXPLAINED, ranking.rows.size))
    return _Related(ranking.rows.astype(np.int32), ranking.scores.astype(np.float32), told.code().tobytes())
