"""Compiled: what ties each result of a page to each seed, and the strongest of it as reasons.

Evidence that is told of is chosen and ordered as reasons.py says.
"""

import numpy as np
import numpy.typing as npt
from numba import types

from cocite.recommender.ascending import holds
from cocite.recommender.compiled import FLOAT32S, INT32S, INT64S, compiled, tuple_of
from cocite.recommender.csr import Links
from cocite.recommender.linked import (
    OWNED,
    WEIGHTED,
    Floats,
    Owned,
    Values,
    Weighted,
    common,
    linked,
    owned_by,
    weights_of,
    write_highest,
)
from cocite.recommender.reason_code import (
    CITED_WITH_REFERENCES,
    CO_CITATION,
    DIRECT_CITATION,
    SHARED_READERS,
    SHARED_REFERENCES,
    TEXT_LIKENESS,
)
from cocite.recommender.retrieval.gathering import LINKS
from cocite.recommender.shared_term_loops import Bytes, shared_terms

Rows = npt.NDArray[np.int64]
Papers = tuple[Links, Links, Links, Weighted]  # references, citing papers, readers, terms
Given = tuple[Owned, Owned, Floats]  # references, terms and their weights of each seed; none of those that have a row
PAPERS, GIVEN = tuple_of(LINKS, LINKS, LINKS, WEIGHTED), tuple_of(OWNED, OWNED, FLOAT32S)
_INT16S, _UINT8S = (types.Array(number, 1, "C", readonly=True) for number in (types.int16, types.uint8))
_INT, _DOUBLE, _OUT, _OUT_3 = types.int64, types.float64, types.int32[::1], types.int32[:, :, ::1]
MAX_REASONS = 5
MAX_EXAMPLES = 3
LEAST_READERS = 3  # what fewer keep is not told: of two, one who reads the reason could be one and know the other
LEAST_COSINE = 0.3
_HALF_STRENGTH = 3
_DIRECT_STRENGTH = 0.6
# Of equal strength these come first, of one seed.
_SHARED, _CO_CITED, _SEED_CITES, _CITES_SEED, _READERS, _CITED_WITH, _TEXT = range(7)


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
        for column in range(4):
            strongest[to, column] = strongest[to - 1, column]
        to -= 1
    strongest[to, 0], strongest[to, 1], strongest[to, 2], strongest[to, 3] = told, seed, kind, value
    return min(count + 1, len(strongest))


@compiled(INT32S(PAPERS, GIVEN, _INT, _INT), inlined=True)
def seed_references(papers: Papers, given: Given, row: int, seed: int) -> Values:
    """What a seed cites; row is below 0 where it has none."""
    return linked(papers[0], row) if row >= 0 else owned_by(given[0], seed)


@compiled(_INT(PAPERS, GIVEN, _INT, _INT, _INT, _UINT8S, _OUT), inlined=True)
def write_shared_terms(
    papers: Papers, given: Given, row: int, seed_row: int, seed: int, vocabulary: Bytes, out: Values
) -> int:
    """shared_terms of a result and a seed."""
    terms, weights = linked(papers[3][0], row), weights_of(papers[3], row)
    if seed_row >= 0:
        others, other_weights = linked(papers[3][0], seed_row), weights_of(papers[3], seed_row)
    else:
        others, other_weights = owned_by(given[1], seed), given[2][given[1][1][seed] :]
    return shared_terms(terms, weights, others, other_weights, vocabulary, out)


@compiled(_INT(_DOUBLE[:, ::1], _INT, _INT, PAPERS, GIVEN, _INT, _INT, _INT, _DOUBLE), inlined=True)
def note_links(
    strongest: npt.NDArray[np.float64],
    count: int,
    row: int,
    papers: Papers,
    given: Given,
    seed_row: int,
    seed: int,
    tied: int,
    cosine: float,
) -> int:
    """Put what ties the result in a row to a seed among the strongest links."""
    nowhere = np.empty(0, dtype=np.int32)
    references = seed_references(papers, given, seed_row, seed)
    shared = common(references, linked(papers[0], row), nowhere)
    if shared:
        count = noted(strongest, count, seed, _SHARED, float(shared))
    if seed_row >= 0:
        cited = common(linked(papers[1], seed_row), linked(papers[1], row), nowhere)
        if cited:
            count = noted(strongest, count, seed, _CO_CITED, float(cited))
    if holds(references, row):
        count = noted(strongest, count, seed, _SEED_CITES, 1.0)
    if seed_row >= 0:
        if holds(linked(papers[1], seed_row), row):
            count = noted(strongest, count, seed, _CITES_SEED, 0.0)
        read = common(linked(papers[2], seed_row), linked(papers[2], row), nowhere)
        if read >= LEAST_READERS:
            count = noted(strongest, count, seed, _READERS, float(read))
    if tied > 0:
        count = noted(strongest, count, seed, _CITED_WITH, float(tied))
    if cosine >= LEAST_COSINE:
        count = noted(strongest, count, seed, _TEXT, cosine)
    return count


@compiled(_INT(_INT, _INT, PAPERS, GIVEN, _INT, _INT, INT32S, FLOAT32S, _INT16S, _UINT8S, _OUT), inlined=True)
def write_arguments(
    kind: int,
    row: int,
    papers: Papers,
    given: Given,
    seed_row: int,
    seed: int,
    tied_by: Values,
    idf: Floats,
    years: npt.NDArray[np.int16],
    vocabulary: Bytes,
    out: Values,
) -> int:
    """Write to out what a link of a kind is shown by, papers or terms, and return how many."""
    if kind == _TEXT:
        return write_shared_terms(papers, given, row, seed_row, seed, vocabulary, out)
    if kind == _CITED_WITH:
        shown = 0
        while shown < tied_by.size and tied_by[shown] >= 0:
            out[shown] = tied_by[shown]
            shown += 1
        return shown
    if kind not in (_SHARED, _CO_CITED):
        return 0
    one, other = seed_references(papers, given, seed_row, seed), linked(papers[0], row)
    if kind == _CO_CITED:
        one, other = linked(papers[1], seed_row), linked(papers[1], row)
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
    types.void(
        PAPERS,
        GIVEN,
        INT64S,
        INT64S,
        _OUT_3,
        types.Array(types.float32, 2, "C", readonly=True),
        FLOAT32S,
        _INT16S,
        _UINT8S,
        _OUT_3,
        _DOUBLE[:, ::1],
        _OUT_3,
        _INT[::1],
    )
)
def write_reasons(
    papers: Papers,
    given: Given,
    rows: Rows,
    seed_rows: Rows,
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

    seed_rows (s,) are below 0 where a seed has none. ties (s, k, 1 + MAX_EXAMPLES): how many papers, if any,
    cite the result together with what a list of references holds, and some of these, then -1; cosines (s, k), NaN where
    a seed has no vector.
    """
    strongest = np.empty((heads.shape[1], 4))
    for place in range(rows.size):
        count, row = 0, rows[place]
        for seed in range(seed_rows.size):
            tied, cosine = ties[seed, place, 0], float(cosines[seed, place])
            count = note_links(strongest, count, row, papers, given, seed_rows[seed], seed, tied, cosine)
        counts[place] = count
        for at in range(count):
            seed, kind = int(strongest[at, 1]), int(strongest[at, 2])
            tied_by, out = ties[seed, place, 1:], arguments[place, at]
            shown = write_arguments(
                kind, row, papers, given, seed_rows[seed], seed, tied_by, idf, years, vocabulary, out
            )
            heads[place, at, 0], heads[place, at, 1], heads[place, at, 2] = _CODES[kind], seed, shown
            values[place, at] = strongest[at, 3]
