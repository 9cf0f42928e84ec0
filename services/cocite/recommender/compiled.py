"""Machine code for the inner loops, made by numba.

A function is compiled for the one signature it declares, when its module is imported, so that no call ever waits for
the compiler; the machine code is kept on disk, and only the first process of a release on a machine compiles. Compiled
loops hold no lock: threads run them side by side. Floating point is IEEE, so results are the same everywhere.
"""

from collections.abc import Callable
from typing import Any, TypeVar

import numba
from numba import types

F = TypeVar("F", bound=Callable[..., Any])

# Arrays that are only read, as those of a mapped bundle; a writable one may be given, too.
INT32S, INT64S = (types.Array(number, 1, "C", readonly=True) for number in (types.int32, types.int64))
FLOAT32S, FLOAT64S = (types.Array(number, 1, "C", readonly=True) for number in (types.float32, types.float64))


def tuple_of(*parts: Any) -> Any:
    """The type of a tuple of values of these types."""
    return types.Tuple(parts)  # type: ignore[no-untyped-call]  # numba tells no types


def compiled(signature: Any, *, any_order: bool = False, inlined: bool = False) -> Callable[[F], F]:
    """Compile the function for signature, a numba signature such as float32[::1](INT64S, FLOAT32S), or a string of
    numba's types, or a list of several.

    any_order lets sums be added up in the order that suits the processor, as BLAS does: the same in every call, though
    perhaps not on every machine. inlined copies the function to wherever compiled ones call it: of small functions of
    arrays the call costs more than the work.
    """
    fastmath = {"reassoc", "contract"} if any_order else False
    options: dict[str, Any] = {"nogil": True, "error_model": "numpy", "fastmath": fastmath, "forceinline": inlined}

    def make(function: F) -> F:
        made: Any
        try:
            made = numba.njit(signature, cache=True, **options)(function)
        except RuntimeError as error:
            if "no locator available" not in str(error):
                raise
            # there is no directory to keep machine code in: every process compiles anew
            made = numba.njit(signature, **options)(function)
        return made  # type: ignore[no-any-return]  # callable as the function is

    return make
