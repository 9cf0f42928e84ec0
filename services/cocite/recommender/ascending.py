"""Compiled: numbers sought in ascending arrays."""

from typing import Any

import numpy as np
import numpy.typing as npt
from numba import types

from cocite.recommender.compiled import INT32S, INT64S, compiled


@compiled([types.boolean(INT32S, types.int64), types.boolean(INT64S, types.int64)], inlined=True)
def holds(ascending: npt.NDArray[np.integer[Any]], number: int) -> bool:
    """Whether a number is in an ascending array."""
    place = np.searchsorted(ascending, number)
    return bool(place < ascending.size and ascending[place] == number)


@compiled(types.Array(types.boolean, 1, "C")(INT64S, INT64S))
def held(ascending: npt.NDArray[np.int64], numbers: npt.NDArray[np.int64]) -> npt.NDArray[np.bool_]:
    """Which of numbers (k,) are in an ascending array."""
    found = np.empty(numbers.size, np.bool_)
    for place in range(numbers.size):
        found[place] = holds(ascending, numbers[place])
    return found
