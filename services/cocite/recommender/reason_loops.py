"""Compiled: what ties each result of a page to each seed, and the strongest of it as reasons.

Rows that several own come as a pair: values int32, and int64 places at which those of each owner start, and end; values
of one owner ascend. Evidence that is told of is chosen and ordered as reasons.py says.
"""

import numpy as np
import numpy.typing as npt

from cocite.recommender.ascending import holds
from cocite.recommender.compiled import compiled
from cocite.recommender.reason_code import (
    CITED_WITH_REFERENCES,
    CO_CITATION,
    DIRECT_CITATION,
    SHARED_READERS,
    SHARED_REFERENCES,
    TEXT_LIKENESS,
)
from cocite.recommender.shared_term_loops import (
    BYTES,
    FLOATS,
    OWNED,
    ROWS,
    TERMS,
    VALUES,
    Bytes,
    Floats,
    Owned,
    Values,
    owned_by,
    shared_terms,
)

Rows = npt.NDArray[np.int64]
_YEARS = "Array(int16, 1, 'C', readonly=True)"
MAX_REASONS = 5
MAX_EXAMPLES = 3
LEAST_READERS = 3  # what fewer keep is not told: of two, one who reads the reason could be one and know the other
LEAST_COSINE = 0.3
_HALF_STRENGTH = 3
_DIRECT_STRENGTH = 0.6
_MANY_TIMES = 16  # longer a list must be, to be searched rather than read
# Of equal strength these come first, of one seed.
_SHARED, _CO_CITED, _SEED_CITES, _CITES_SEED, _READERS, _CITED_WITH, _TEXT = range(7)


@compiled(f"int64({VALUES}, {VALUES}, int32[::1])")
def common(one: Values, other: Values, out: Values) -> int:
    """How many values two ascending arrays share; they are written to out as far as it has room."""
    few, many = (one, other) if one.size <= other.size else (other, one)
    count, at = 0, 0
    searched = few.size * _MANY_TIMES < many.size
    for value in few:
        if searched:
            at += np.searchsorted(many[at:], value)
        else:
            while at < many.size and many[at] < value:
                at += 1
        if at == many.size:
            break
        if many[at] == value:
            if count < out.size:
                out[count] = value
            count += 1
    return count


@compiled("float64(int64, float64)")
def strength(kind: int, value: float) -> float:
    """How telling a link of a kind is, 0 to 1."""
    if kind == _TEXT:
        return value * value
    if kind in (_SEED_CITES, _CITES_SEED):
        return _DIRECT_STRENGTH
    return value / (value + _HALF_STRENGTH)


@compiled("int64(float64[:, ::1], int64, int64, int64, float64)")
def noted(strongest: npt.NDArray[np.float64], count: int, seed: int, kind: int, value: float) -> int:
    """Put a link among the strongest, rows of strength, seed, kind and value, where it is one of them; links come in
    the order of seed and kind. Returns how many there are.
    """  # fmt: skip
    told = strength(kind, value)
    to = count
    if count == len(strongest):
        to -= 1
        if told <= strongest[to, 0]:
            return count
    while to > 0 and strongest[to - 1, 0] < told:
        strongest[to] = strongest[to - 1]
        to -= 1
    strongest[to] = (told, float(seed), float(kind), value)
    return min(count + 1, len(strongest))


@compiled(f"int64({VALUES}, float64[::1], int32[::1])")
def write_highest(values: Values, order: npt.NDArray[np.float64], out: Values) -> int:
    """Write to out those values of the highest order, ties as they come, and return how many. order is used up."""
    written = min(values.size, out.size)
    for to in range(written):
        best = np.argmax(order)
        out[to] = values[best]
        order[best] = -np.inf
    return written


_PAPERS = f"Tuple(({OWNED}, {OWNED}, {OWNED}, {TERMS}))"  # references, citing papers, readers, terms of each
Papers = tuple[Owned, Owned, Owned, tuple[Owned, Floats]]


@compiled(f"int64(float64[:, ::1], int64, int64, {_PAPERS}, int64, int64, {_PAPERS}, int64, int64, float64)")
def note_links(
    strongest: npt.NDArray[np.float64],
    count: int,
    row: int,
    page: Papers,
    place: int,
    seed_row: int,
    seeds: Papers,
    seed: int,
    tied: int,
    cosine: float,
) -> int:
    """Put what ties the result at a place of the page to a seed among the strongest links."""
    nowhere = np.empty(0, dtype=np.int32)
    references, citing, readers = owned_by(seeds[0], seed), owned_by(seeds[1], seed), owned_by(seeds[2], seed)
    shared = common(references, owned_by(page[0], place), nowhere)
    cited = common(citing, owned_by(page[1], place), nowhere)
    read = common(readers, owned_by(page[2], place), nowhere)
    if shared:
        count = noted(strongest, count, seed, _SHARED, float(shared))
    if cited:
        count = noted(strongest, count, seed, _CO_CITED, float(cited))
    if holds(references, row):
        count = noted(strongest, count, seed, _SEED_CITES, 1.0)
    if seed_row >= 0 and holds(citing, row):
        count = noted(strongest, count, seed, _CITES_SEED, 0.0)
    if read >= LEAST_READERS:
        count = noted(strongest, count, seed, _READERS, float(read))
    if tied:
        count = noted(strongest, count, seed, _CITED_WITH, float(tied))
    if cosine >= LEAST_COSINE:
        count = noted(strongest, count, seed, _TEXT, cosine)
    return count


@compiled(f"int64(int64, {_PAPERS}, int64, {_PAPERS}, int64, {VALUES}, {FLOATS}, {_YEARS}, {BYTES}, int32[::1])")
def write_arguments(
    kind: int,
    page: Papers,
    place: int,
    seeds: Papers,
    seed: int,
    tied_by: Values,
    idf: Floats,
    years: npt.NDArray[np.int16],
    vocabulary: Bytes,
    out: Values,
) -> int:
    """Write to out what a link of a kind is shown by, papers or terms, and return how many."""
    if kind == _TEXT:
        return shared_terms(page[3], place, seeds[3], seed, vocabulary, out)
    if kind == _CITED_WITH:
        shown = 0
        while shown < tied_by.size and tied_by[shown] >= 0:
            out[shown] = tied_by[shown]
            shown += 1
        return shown
    if kind not in (_SHARED, _CO_CITED):
        return 0
    one, other = owned_by(seeds[0], seed), owned_by(page[0], place)
    if kind == _CO_CITED:
        one, other = owned_by(seeds[1], seed), owned_by(page[1], place)
    found = np.empty(min(one.size, other.size), dtype=np.int32)
    both = found[: common(one, other, found)]
    order = np.empty(both.size)
    for at in range(both.size):
        order[at] = float(idf[both[at]]) if kind == _SHARED else float(years[both[at]])
    return write_highest(both, order, out[:MAX_EXAMPLES])


_CODES = np.array(
    [
        SHARED_REFERENCES,
        CO_CITATION,
        DIRECT_CITATION,
        DIRECT_CITATION,
        SHARED_READERS,
        CITED_WITH_REFERENCES,
        TEXT_LIKENESS,
    ]
)


@compiled(
    f"void({ROWS}, {_PAPERS}, {ROWS}, {_PAPERS}, int32[:, :, ::1],"
    f" Array(float32, 2, 'C', readonly=True), {FLOATS}, {_YEARS}, {BYTES},"
    " int32[:, :, ::1], float64[:, ::1], int32[:, :, ::1], int64[::1])"
)
def write_reasons(
    rows: Rows,
    page: Papers,
    seed_rows: Rows,
    seeds: Papers,
    ties: npt.NDArray[np.int32],
    cosines: Floats,
    idf: Floats,
    years: npt.NDArray[np.int16],
    vocabulary: Bytes,
    heads: npt.NDArray[np.int32],
    values: npt.NDArray[np.float64],
    arguments: npt.NDArray[np.int32],
    counts: npt.NDArray[np.int64],
) -> None:
    """Write the strongest reasons for each of rows (k,), as evidence.Reasons holds them.

    ties (s, k, 1 + MAX_EXAMPLES): how many papers cite the result together with what a list of references holds, and
    some of these, then -1; cosines (s, k), NaN where a seed has no vector.
    """
    strongest = np.empty((heads.shape[1], 4))
    for place in range(rows.size):
        count = 0
        for seed in range(seed_rows.size):
            tied, cosine = ties[seed, place, 0], cosines[seed, place]
            count = note_links(
                strongest, count, rows[place], page, place, seed_rows[seed], seeds, seed, tied, float(cosine)
            )
        counts[place] = count
        for at in range(count):
            seed, kind = int(strongest[at, 1]), int(strongest[at, 2])
            shown = write_arguments(
                kind, page, place, seeds, seed, ties[seed, place, 1:], idf, years, vocabulary, arguments[place, at]
            )
            heads[place, at, 0], heads[place, at, 1], heads[place, at, 2] = _CODES[kind], seed, shown
            values[place, at] = strongest[at, 3]
