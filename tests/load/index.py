"""What search by index finds of what an exact search finds, and what it costs beside it.

Usage: python tests/load/index.py [--papers N] [--factors F] [--queries Q] [--json FILE]

On a synthetic corpus. Queries are three papers, one and two that it cites, less a fourth, as the retrievers text, items
and als take them. Alternates windows of both searches, one thread each, for the best 1,000; prints for each retriever,
without a filter and with filters that let less and less through, recall@100, the CPU of both, and the median of the
paired ratios. The exact search multiplies float32 rows with BLAS and takes the best.
"""

import argparse
import json
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any, TypeVar, cast

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_array
from threadpoolctl import threadpool_limits

from cocite.recommender.allowed import Allowed
from cocite.recommender.bundle import Bundle
from cocite.recommender.filter_memory import FilterMemory
from cocite.recommender.query import Query, RowFilter
from cocite.recommender.ranking.fusion import top_rows
from cocite.recommender.retrieval.fold_in import FoldIn, regularized_gram
from cocite.recommender.retrieval.nearest import Space
from cocite.recommender.row_blocks import RowBlocks
from cocite.recommender.row_index import RowIndex
from cocite.synthetic.corpus import SyntheticCorpus
from cocite.training.indexes import factor_index_arrays, index_of

DEPTH, BEST = 1000, 100
REGULARIZATION, ALPHA = 4.0, 40.0
SHARES = (1.0, 0.5, 0.1, 0.05)
A_WINDOW = 10  # queries

Floats = npt.NDArray[np.float32]
T = TypeVar("T")


@dataclass(frozen=True)
class Case:
    """A retriever's space, its aims (q, d), and the matrix as float32."""

    name: str
    space: Space
    aims: Floats
    over_root: bool
    wide: Floats


def _timed(call: Callable[[], T]) -> tuple[T, float]:
    start = time.process_time()
    found = call()
    return found, (time.process_time() - start) * 1e3


def _measure(case: Case, share: float, bundle: Bundle) -> dict[str, Any]:
    years = np.sort(bundle.years)
    bound = int(years[int((1.0 - share) * years.size)]) if share < 1.0 else None
    allowed = [Allowed(Query(row_filter=RowFilter(min_year=bound)), bundle) for _ in case.aims]
    mask = allowed[0].mask
    pairs, recalls = [], []
    for start in range(0, len(case.aims), A_WINDOW):
        window = range(start, min(start + A_WINDOW, len(case.aims)))
        live, live_ms = _timed(
            lambda window=window: [
                case.space.find(case.aims[q], case.over_root).best(DEPTH, allowed[q]) for q in window
            ]
        )
        exact, exact_ms = _timed(lambda window=window: [_exact(case, case.aims[q], mask) for q in window])
        pairs.append((live_ms / len(window), exact_ms / len(window)))
        recalls += [
            float(np.isin(wanted[:BEST], found[:BEST]).mean()) for wanted, found in zip(exact, live, strict=True)
        ]
    return {
        "retriever": case.name,
        "passing": float(mask.mean()),
        "recall": statistics.mean(recalls),
        "live_ms": statistics.median(live for live, _ in pairs),
        "exact_ms": statistics.median(exact for _, exact in pairs),
        "ratio": statistics.median(exact / live for live, exact in pairs),
    }


def _live(case: Case, aim: Floats, allowed: Allowed) -> npt.NDArray[np.int64]:
    return case.space.find(aim, case.over_root).best(DEPTH, allowed)


def _exact(case: Case, aim: Floats, mask: npt.NDArray[np.bool_]) -> npt.NDArray[np.int64]:
    scores = case.wide @ aim
    if case.over_root and case.space.roots is not None:
        scores /= case.space.roots
    scores[~mask | (scores <= 0.0)] = -np.inf
    return top_rows(scores, DEPTH)


def _cases(corpus: SyntheticCorpus, factors: int, queries: int) -> list[Case]:
    n, offsets, cited = corpus.shape.papers, corpus.references.offsets, corpus.references.rows
    links = csr_array((np.ones(cited.size, dtype=np.float32), cited, offsets), shape=(n, n))
    rng = np.random.default_rng(1)
    seeds = [row for row in rng.integers(n // 2, n, 4 * queries).tolist() if offsets[row + 1] - offsets[row] > 1]
    seeds = seeds[:queries]
    vectors, items = corpus.text_vectors(), corpus.item_factors(factors).astype(np.float16)
    gram = regularized_gram(items, REGULARIZATION)
    fold_in = FoldIn(RowBlocks(items), gram, np.linalg.inv(gram).astype(np.float32), ALPHA)
    groups = [[row, *cited[offsets[row] : offsets[row] + 2].tolist()] for row in seeds]
    others = rng.integers(0, n, queries)
    profiles = [
        np.unique(np.concatenate([cited[offsets[row] : offsets[row + 1]] for row in group])) for group in groups
    ]
    arrays = factor_index_arrays(items, links)
    lengths, index = arrays["factor_lengths.npy"], RowIndex(arrays["factor_index.npy"])
    texts = Space(RowBlocks(vectors), RowIndex(index_of(vectors, links)), None)
    factored = Space(RowBlocks(items), index, np.sqrt(lengths))
    als = np.array([fold_in.fold_in(rows, np.ones(rows.size)).vector for rows in profiles])
    wide_items = items.astype(np.float32)
    return [
        Case("text", texts, _aims(vectors, groups, others), False, vectors.astype(np.float32)),
        Case("items", factored, _aims(items, groups, others), True, wide_items),
        Case("als", factored, als, False, wide_items),
    ]


def _aims(matrix: npt.NDArray[np.float16], groups: list[list[int]], others: npt.NDArray[np.int64]) -> Floats:
    found = [
        _unit(matrix[group]).mean(axis=0) - 0.25 * _unit(matrix[[other]])[0]
        for group, other in zip(groups, others, strict=True)
    ]
    return np.array(found, dtype=np.float32)


def _unit(rows: npt.NDArray[np.float16]) -> Floats:
    wide = rows.astype(np.float32)
    return wide / np.linalg.norm(wide, axis=1, keepdims=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--papers", type=int, default=100_000)
    parser.add_argument("--factors", type=int, default=256)
    parser.add_argument("--queries", type=int, default=60)
    parser.add_argument("--json", type=Path)
    asked = parser.parse_args()
    corpus = SyntheticCorpus.of(asked.papers)
    parts = SimpleNamespace(
        years=corpus.years,
        works=np.arange(asked.papers, dtype=np.int32),
        paper_count=asked.papers,
        filters=FilterMemory(),
    )
    with threadpool_limits(1):
        cases = _cases(corpus, asked.factors, asked.queries)
        found = [_measure(case, share, cast(Bundle, parts)) for case in cases for share in SHARES]
    print(f"{asked.papers:,} papers, {asked.factors} factors")
    print("retriever  passing  recall@100   index ms   exact ms   exact / index")
    for line in found:
        print(
            f"{line['retriever']:9} {line['passing']:8.1%} {line['recall']:11.4f}"
            f" {line['live_ms']:10.3f} {line['exact_ms']:10.1f} {line['ratio']:15.0f}",
        )
    if asked.json:
        asked.json.write_text(json.dumps(found, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
