"""Compiled: the terms that two texts share, the most telling first.

Values that several own come as a pair: values int32, and int64 places at which those of each owner start, and end;
values of one owner ascend. Of terms, their weights float32 come beside that pair.
"""

import numpy as np
import numpy.typing as npt

from cocite.recommender.compiled import compiled
from cocite.recommender.reason_writer import term_size
from cocite.recommender.tokens import LONGEST_TERM

Values = npt.NDArray[np.int32]
Floats = npt.NDArray[np.float32]
Bytes = npt.NDArray[np.uint8]
Owned = tuple[Values, npt.NDArray[np.int64]]
VALUES, FLOATS = "Array(int32, 1, 'C', readonly=True)", "Array(float32, 1, 'C', readonly=True)"
BYTES, ROWS = "Array(uint8, 1, 'C', readonly=True)", "Array(int64, 1, 'C', readonly=True)"
OWNED = f"Tuple(({VALUES}, {ROWS}))"
TERMS = f"Tuple(({OWNED}, {FLOATS}))"
MAX_TERMS = 5
_LOOKED_AT = 2 * MAX_TERMS  # room for compounds and their parts
_UNDERSCORE = 95


@compiled(f"{VALUES}({OWNED}, int64)")
def owned_by(owned: Owned, owner: int) -> Values:
    """The values of one owner."""
    values, starts = owned
    return values[starts[owner] : starts[owner + 1]]


@compiled(f"boolean({BYTES}, int64, int64)")
def is_part(vocabulary: Bytes, term: int, compound: int) -> bool:
    """Whether a term is one of the parts of a compound, which underscores join."""
    size, whole = term_size(vocabulary, term), term_size(vocabulary, compound)
    first, start = term * LONGEST_TERM, compound * LONGEST_TERM
    begin = start
    for end in range(start, start + whole + 1):
        if end < start + whole and vocabulary[end] != _UNDERSCORE:
            continue
        if end - begin == size and (vocabulary[begin:end] == vocabulary[first : first + size]).all():
            return True
        begin = end + 1
    return False


@compiled(f"int64({BYTES}, int64)")
def characters(vocabulary: Bytes, term: int) -> int:
    """Characters of a term; in UTF-8 all but the first byte of each are of one kind."""
    start, count = term * LONGEST_TERM, 0
    for place in range(start, start + term_size(vocabulary, term)):
        count += vocabulary[place] & 0xC0 != 0x80
    return count


@compiled(f"boolean({BYTES}, int64, int64)")
def named_before(vocabulary: Bytes, one: int, other: int) -> bool:
    """Whether of two terms that tell as much the first is named first: the longer one, then by alphabet."""
    sizes = characters(vocabulary, one), characters(vocabulary, other)
    return bool(sizes[0] > sizes[1] or (sizes[0] == sizes[1] and one < other))


@compiled(f"int64({TERMS}, int64, {TERMS}, int64, {BYTES}, int32[::1])")
def shared_terms(
    one: tuple[Owned, Floats], owner: int, other: tuple[Owned, Floats], other_owner: int, vocabulary: Bytes, out: Values
) -> int:
    """Write to out the at most MAX_TERMS terms of two texts' that tell most of both, and return how many.

    The highest product of weights comes first, of equals the longest term; a part of a compound that is named is not
    named again.
    """
    heaviest, best = np.empty(_LOOKED_AT, dtype=np.float32), np.empty(_LOOKED_AT, dtype=np.int32)
    first, second = owned_by(one[0], owner), owned_by(other[0], other_owner)
    weights, others = one[1][one[0][1][owner] :], other[1][other[0][1][other_owner] :]
    count, at = 0, 0
    for place in range(first.size):
        while at < second.size and second[at] < first[place]:
            at += 1
        if at == second.size:
            break
        product = weights[place] * others[at]
        if second[at] != first[place] or product <= 0.0:
            continue
        to = min(count, _LOOKED_AT - 1)
        if count == _LOOKED_AT and product <= heaviest[to]:
            continue
        count = min(count + 1, _LOOKED_AT)
        while to > 0 and heaviest[to - 1] < product:
            heaviest[to], best[to] = heaviest[to - 1], best[to - 1]
            to -= 1
        heaviest[to], best[to] = product, first[place]
    for place in range(1, count):  # by name among equals
        to, term, weight = place, best[place], heaviest[place]
        while to > 0 and heaviest[to - 1] == weight and named_before(vocabulary, term, best[to - 1]):
            best[to] = best[to - 1]
            to -= 1
        best[to] = term
    named = 0
    for place in range(count):
        fresh = named < out.size
        for said in range(named):
            fresh = fresh and not is_part(vocabulary, best[place], out[said])
        if fresh:
            out[named] = best[place]
            named += 1
    return named
