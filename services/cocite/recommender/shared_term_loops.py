"""Compiled: the terms that two texts share, the most telling first.

Terms of a text are places in the vocabulary, ascending, int32 (k,), and their weights, float32 (k,).
"""

import numpy as np
import numpy.typing as npt
from numba import types

from cocite.recommender.compiled import FLOAT32S, INT32S, compiled
from cocite.recommender.reason_writer import term_size
from cocite.recommender.stop_words import is_stop_word
from cocite.recommender.tokens import LONGEST_TERM

Values = npt.NDArray[np.int32]
Floats = npt.NDArray[np.float32]
Bytes = npt.NDArray[np.uint8]

_BYTES = types.Array(types.uint8, 1, "C", readonly=True)
MAX_TERMS = 5
_LOOKED_AT = 2 * MAX_TERMS  # room for compounds and their parts
_UNDERSCORE = 95


@compiled(types.boolean(_BYTES, types.int64, types.int64))
def is_part(vocabulary: Bytes, term: int, compound: int) -> bool:
    """Whether a term is one of the parts of a compound, which underscores join."""
    first, start = np.uint64(term * LONGEST_TERM), np.uint64(compound * LONGEST_TERM)
    alike, size = True, np.uint64(0)  # so far, the part that is read and the term
    for place in range(np.uint64(term_size(vocabulary, compound) + 1)):
        byte = vocabulary[start + place] if place < LONGEST_TERM else 0
        ended = size == LONGEST_TERM or vocabulary[first + size] == 0
        if byte == 0 or byte == _UNDERSCORE:
            if alike and ended:
                return True
            alike, size = True, np.uint64(0)
        else:
            alike = alike and not ended and vocabulary[first + size] == byte
            size += np.uint64(alike)
    return False


@compiled(types.int64(_BYTES, types.int64))
def characters(vocabulary: Bytes, term: int) -> int:
    """Characters of a term; in UTF-8 all but the first byte of each are of one kind."""
    start, count = term * LONGEST_TERM, 0
    for place in range(start, start + term_size(vocabulary, term)):
        count += vocabulary[place] & 0xC0 != 0x80
    return count


@compiled(types.boolean(_BYTES, types.int64, types.int64))
def named_before(vocabulary: Bytes, one: int, other: int) -> bool:
    """Whether of two terms that tell as much the first is named first: the longer one, then by alphabet."""
    sizes = characters(vocabulary, one), characters(vocabulary, other)
    return bool(sizes[0] > sizes[1] or (sizes[0] == sizes[1] and one < other))


@compiled(types.int64(INT32S, FLOAT32S, INT32S, FLOAT32S, _BYTES, types.int32[::1]))
def shared_terms(first: Values, weights: Floats, second: Values, others: Floats, vocabulary: Bytes, out: Values) -> int:
    """Write to out the at most MAX_TERMS terms of two texts' that tell most of both, and return how many.

    The highest product of weights comes first, of equals the longest term; a part of a compound that is named is not
    named again, and function words are not named at all.
    """
    heaviest, best = np.empty(_LOOKED_AT, dtype=np.float32), np.empty(_LOOKED_AT, dtype=np.int32)
    count, place, at = 0, 0, 0
    while place < first.size and at < second.size:
        term, told = first[place], second[at]
        product = weights[place] * others[at]
        place += term <= told  # without a branch that the processor would have to guess
        at += told <= term
        if term != told or product <= 0.0:
            continue
        to = min(count, _LOOKED_AT - 1)
        if count == _LOOKED_AT and product <= heaviest[to]:
            continue
        count = min(count + 1, _LOOKED_AT)
        while to > 0 and heaviest[to - 1] < product:
            heaviest[to], best[to] = heaviest[to - 1], best[to - 1]
            to -= 1
        heaviest[to], best[to] = product, term
    for place in range(1, count):  # by name among equals
        to, term, weight = place, best[place], heaviest[place]
        while to > 0 and heaviest[to - 1] == weight and named_before(vocabulary, term, best[to - 1]):
            best[to] = best[to - 1]
            to -= 1
        best[to] = term
    named = 0
    for place in range(count):
        fresh = named < out.size and not is_stop_word(vocabulary, best[place])
        for said in range(named):
            fresh = fresh and not is_part(vocabulary, best[place], out[said])
        if fresh:
            out[named] = best[place]
            named += 1
    return named
