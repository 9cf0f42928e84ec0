"""Comparing by pairs: what is measured side by side is divided side by side, so that a drift of the machine cancels."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from cocite.core.errors import InvalidArgument


@dataclass(frozen=True, slots=True)
class Ratio:
    """Median of the ratios of pairs, and the quartiles around it."""

    median: float
    low: float
    high: float
    pairs: int


def paired_ratio(ours: Sequence[float], theirs: Sequence[float]) -> Ratio:
    """ours over theirs, window by window. Raises InvalidArgument unless both have as many, all finite and over 0."""
    a, b = np.asarray(ours, dtype=np.float64), np.asarray(theirs, dtype=np.float64)
    if a.shape != b.shape or a.ndim != 1 or not a.size:
        raise InvalidArgument(f"{a.size} and {b.size} windows make no pairs")
    if not (np.isfinite(a).all() and np.isfinite(b).all() and (a > 0).all() and (b > 0).all()):
        raise InvalidArgument("a window without a figure over 0 makes no ratio")
    low, median, high = np.percentile(a / b, (25, 50, 75))
    return Ratio(float(median), float(low), float(high), int(a.size))


def rounds(names: Sequence[str], count: int) -> Iterator[tuple[str, ...]]:
    """The order of each of count rounds. Every second runs backwards, so that none is always first or after the same.

    A drift that is even over time, like a clock that slows down while it gets warm, then hits all of them alike.
    """
    for number in range(count):
        yield tuple(names) if number % 2 == 0 else tuple(reversed(names))
