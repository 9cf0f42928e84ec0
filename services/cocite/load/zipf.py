"""Which payload comes next: the k-th most popular with a chance in proportion to 1 / k ** exponent."""

from collections.abc import Iterator
from itertools import chain, repeat

import numpy as np
import numpy.typing as npt

from cocite.core.errors import InvalidArgument

_CHUNK = 65_536  # draws made at a time


def zipf_probabilities(count: int, exponent: float) -> npt.NDArray[np.float64]:
    """Chance of each of count ranks, (count,) float64. Exponent 0 makes them equal. Raises InvalidArgument."""
    if count < 1:
        raise InvalidArgument("calls: give at least one", field="calls")
    if not 0 <= exponent <= 10:
        raise InvalidArgument(f"zipf: must be from 0 to 10, not {exponent!r}", field="zipf")
    weights: npt.NDArray[np.float64] = np.arange(1, count + 1, dtype=np.float64) ** -exponent
    weights /= weights.sum()
    return weights


def zipf_draws(count: int, exponent: float, seed: int) -> Iterator[int]:
    """Ranks from 0 to count - 1, without end; the same seed gives the same ones. Raises InvalidArgument at once."""
    bounds = np.cumsum(zipf_probabilities(count, exponent))[:-1]
    rng = np.random.default_rng(seed)
    chunks = (np.searchsorted(bounds, rng.random(_CHUNK), side="right").tolist() for _ in repeat(None))
    return chain.from_iterable(chunks)
