"""What folding a profile in costs beside `implicit`, the library whose factors these are.

Usage: python tests/load/fold_in.py [--factors F] [--items N] [--windows W] [--json FILE]

Alternates short windows of FoldIn.fold_in, held-out scores included, and of implicit's recalculate_user on the same
factors and profiles, one BLAS thread each. Prints for profiles of 10, 30 and 100 items the CPU of both, the median of
the paired ratios with the middle half of them, and the greatest difference between two vectors.
"""

import argparse
import json
import statistics
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from implicit.cpu.als import AlternatingLeastSquares
from scipy.sparse import csr_matrix
from threadpoolctl import threadpool_limits

from cocite.recommender.retrieval.fold_in import FoldIn, regularized_gram

ALPHA, REGULARIZATION = 40.0, 4.0
SIZES = (10, 30, 100)
A_WINDOW = 20  # profiles


def _cpu_us(call: Callable[[int], object]) -> float:
    start = time.process_time()
    for place in range(A_WINDOW):
        call(place)
    return (time.process_time() - start) / A_WINDOW * 1e6


def compare(factors: int, items: int, size: int, windows: int) -> dict[str, float]:
    """Figures for profiles of so many items."""
    rng = np.random.default_rng(size)
    matrix = rng.normal(0.0, 0.1, (items, factors)).astype(np.float32)
    gram = regularized_gram(matrix, REGULARIZATION)
    ours = FoldIn(matrix, gram, np.linalg.inv(gram).astype(np.float32), ALPHA)
    theirs = AlternatingLeastSquares(
        factors=factors, alpha=ALPHA, regularization=REGULARIZATION, num_threads=1, random_state=0
    )
    theirs.item_factors = matrix
    profiles = []
    for _ in range(A_WINDOW):
        rows = np.sort(rng.choice(items, size, replace=False))
        weights = rng.uniform(0.1, 5.0, size).astype(np.float32)
        profiles.append((rows, weights, csr_matrix((weights, (np.zeros_like(rows), rows)), shape=(1, items))))

    def fold(place: int) -> np.ndarray:
        return ours.fold_in(*profiles[place][:2]).vector

    def recalculate(place: int) -> np.ndarray:
        return np.asarray(theirs.recalculate_user(0, profiles[place][2]))

    difference = max(float(np.abs(fold(place) - recalculate(place)).max()) for place in range(A_WINDOW))
    pairs = [(_cpu_us(fold), _cpu_us(recalculate)) for _ in range(windows)]
    low, middle, high = statistics.quantiles([b / a for a, b in pairs], n=4)
    return {
        "items": size,
        "ours_us": statistics.median(a for a, _ in pairs),
        "implicit_us": statistics.median(b for _, b in pairs),
        "ratio": middle,
        "ratio_low": low,
        "ratio_high": high,
        "difference": difference,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--factors", type=int, default=256)
    parser.add_argument("--items", type=int, default=100_000)
    parser.add_argument("--windows", type=int, default=16)
    parser.add_argument("--json", type=Path)
    asked = parser.parse_args()
    with threadpool_limits(1, "blas"):
        found = [compare(asked.factors, asked.items, size, asked.windows) for size in SIZES]
    print("items   ours us   implicit us   ratio (middle half)   greatest difference")
    for line in found:
        print(
            f"{line['items']:5d} {line['ours_us']:9.0f} {line['implicit_us']:13.0f}"
            f" {line['ratio']:7.1f} ({line['ratio_low']:.1f} to {line['ratio_high']:.1f})"
            f" {line['difference']:21.1e}"
        )
    if asked.json:
        asked.json.write_text(json.dumps(found, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
