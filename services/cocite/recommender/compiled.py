"""Machine code for the inner loops, made by numba.

A function is compiled for the one signature it declares, when its module is imported, so that no call ever waits for
the compiler; the machine code is kept on disk, and only the first process of a release on a machine compiles, for about
half a minute. Compiled loops hold no lock: threads run them side by side. Floating point is IEEE, so results are the
same everywhere.

numba looks at the file of a function alone to tell whether its machine code is still good, not at those of what is
copied into it. So the code is kept in a directory named after all sources of the room.
"""

import hashlib
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import numba
from numba import types
from platformdirs import user_cache_path

F = TypeVar("F", bound=Callable[..., Any])

# Arrays that are only read, as those of a mapped bundle; a writable one may be given, too.
INT32S, INT64S = (types.Array(number, 1, "C", readonly=True) for number in (types.int32, types.int64))
FLOAT32S, FLOAT64S = (types.Array(number, 1, "C", readonly=True) for number in (types.float32, types.float64))


def tuple_of(*parts: Any) -> Any:
    """The type of a tuple of values of these types."""
    return types.Tuple(parts)  # type: ignore[no-untyped-call]  # numba tells no types


_KEPT = 8  # directories of machine code, the latest


def _keep_by_sources() -> None:
    """Have numba keep machine code in a directory of these sources, unless the environment names another."""
    if os.environ.get("NUMBA_CACHE_DIR"):
        return
    digest = hashlib.blake2b(digest_size=8)
    for source in sorted(Path(__file__).parent.rglob("*.py")):
        digest.update(source.read_bytes())
    directory = user_cache_path("cocite") / "machine-code" / digest.hexdigest()
    try:
        directory.mkdir(parents=True, exist_ok=True)
        directory.touch()
        others = sorted(directory.parent.iterdir(), key=lambda each: each.stat().st_mtime, reverse=True)
    except OSError:  # nothing can be kept, or another process tidies up just now
        return
    numba.config.CACHE_DIR = str(directory)  # type: ignore[attr-defined]  # numba makes it from the environment
    for old in others[_KEPT:]:
        shutil.rmtree(old, ignore_errors=True)


_keep_by_sources()


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
