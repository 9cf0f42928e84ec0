"""Intervals where what one reader does depends on itself: readers are drawn anew, never their single acts.

The percentile bootstrap (Efron 1979) over clusters; Field and Welsh 2007.
"""

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

FEW_READERS = 10  # below which a percentile interval says less than it seems to
_RESAMPLES = 4000
_DRAWN_TOGETHER = 4_000_000  # numbers


@dataclass(frozen=True, slots=True)
class Estimate:
    """A ratio and the ends of its 95 % interval."""

    value: float
    low: float
    high: float


def ratio_over_readers(of: npt.ArrayLike, among: npt.ArrayLike, seed: int = 0) -> Estimate | None:
    """The sum of `of` over that of `among`, both (readers,), above 0 in all of `among`; None without a reader.

    Readers with the same two numbers are drawn as a group, which is the same and bounds memory by the groups.
    """
    pairs = np.column_stack((np.asarray(of, dtype=np.float64), np.asarray(among, dtype=np.float64)))
    if not len(pairs):
        return None
    groups, counts = np.unique(pairs, axis=0, return_counts=True)
    generator = np.random.default_rng(seed)
    together = max(1, _DRAWN_TOGETHER // len(groups))
    ratios = np.empty(_RESAMPLES)
    for start in range(0, _RESAMPLES, together):
        size = min(together, _RESAMPLES - start)
        sums = generator.multinomial(len(pairs), counts / len(pairs), size=size) @ groups
        ratios[start : start + size] = sums[:, 0] / sums[:, 1]
    low, high = np.percentile(ratios, (2.5, 97.5))
    return Estimate(float(pairs[:, 0].sum() / pairs[:, 1].sum()), float(low), float(high))


def sign_test(more: int, less: int) -> float:
    """How likely a split at least as uneven is when both ways are equally likely: two-sided, exact."""
    total, fewest = more + less, min(more, less)
    ways = np.concatenate(([0.0], np.cumsum(np.log(np.arange(1, total + 1)))))  # logarithms of factorials
    splits = np.arange(fewest + 1)
    tail = np.exp(ways[total] - ways[splits] - ways[total - splits] - total * math.log(2.0)).sum()
    return min(1.0, 2.0 * float(tail))
