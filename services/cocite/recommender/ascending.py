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
