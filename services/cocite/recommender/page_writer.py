"""Compiled: a page of results in the encoding of cocite.v1.RecommendPapersResponse, written in one go.

Sizes are added up first, for a message is preceded by its length; then everything is copied to where it belongs: papers
as they lie in the bundle, ids and terms from its arrays. A page takes little more than the time of copying it.
"""

import numpy as np
import numpy.typing as npt

from cocite.recommender.compiled import compiled
from cocite.recommender.machine_code import (
    BUFFER,
    BYTES,
    NAMES,
    OFFSETS,
    ROWS,
    SCORES,
    Bytes,
    Names,
    Offsets,
    count_size,
    double_size,
    field_size,
    name_size,
    put_count,
    put_double,
    put_head,
    put_name,
)
from cocite.recommender.reason_writer import put_reasons, reasons_size

_RESULTS, _PAPER, _SCORE, _RANK, _REASONS, _CONTRIBUTIONS = 1, 1, 2, 3, 4, 5  # numbers of fields
_PAPER_ID, _SEED, _SHARE = 1, 1, 2
Shares = npt.NDArray[np.float64]
_SHARES = "Array(float64, 2, 'C', readonly=True)"


@compiled(f"int64({NAMES}, int64)")
def given_size(given: Names, result: int) -> int:
    """Bytes of the message given for a result; 0 for none."""
    _, offsets = given
    return name_size(given, result) if offsets.size > 1 else 0


@compiled(f"int64(int64, int64, {NAMES}, {NAMES}, {NAMES}, boolean)")
def paper_size(row: int, result: int, ids: Names, display: Names, given: Names, only_ids: bool) -> int:
    """Bytes of the message of a paper."""
    if only_ids:
        return field_size(name_size(ids, row))
    return given_size(given, result) or name_size(display, row)


@compiled(f"int64({BUFFER}, int64, int64, int64, {NAMES}, {NAMES}, {NAMES}, boolean)")
def put_paper(
    out: Bytes, to: int, row: int, result: int, ids: Names, display: Names, given: Names, only_ids: bool
) -> int:
    """Write the field of a paper."""
    if only_ids:
        to = put_head(out, to, _PAPER, field_size(name_size(ids, row)))
        return put_name(out, to, _PAPER_ID, ids, row)
    if given_size(given, result):
        return put_name(out, to, _PAPER, given, result)
    return put_name(out, to, _PAPER, display, row)


@compiled(f"int64({_SHARES}, {OFFSETS}, int64, int64, {NAMES})")
def contribution_size(shares: Shares, seeds: Offsets, result: int, place: int, labels: Names) -> int:
    """Bytes of the message of what a seed contributes to a result; 0 where it does not."""
    if shares[result, place] <= 0.0:
        return 0
    return field_size(name_size(labels, seeds[place])) + double_size(shares[result, place])


@compiled(f"int64({_SHARES}, {OFFSETS}, int64, {NAMES})")
def contributions_size(shares: Shares, seeds: Offsets, result: int, labels: Names) -> int:
    """Bytes of the fields of what seeds contribute to a result."""
    total = 0
    for place in range(seeds.size):
        size = contribution_size(shares, seeds, result, place, labels)
        total += field_size(size) if size else 0
    return total


@compiled(f"int64({BUFFER}, int64, {_SHARES}, {OFFSETS}, int64, {NAMES})")
def put_contributions(out: Bytes, to: int, shares: Shares, seeds: Offsets, result: int, labels: Names) -> int:
    """Write the fields of what seeds contribute to a result."""
    for place in range(seeds.size):
        size = contribution_size(shares, seeds, result, place, labels)
        if size:
            to = put_head(out, to, _CONTRIBUTIONS, size)
            to = put_name(out, to, _SEED, labels, seeds[place])
            to = put_double(out, to, _SHARE, shares[result, place])
    return to


@compiled(
    f"{BUFFER}({ROWS}, {SCORES}, int64, {BYTES}, {OFFSETS}, {BYTES}, {OFFSETS}, {BYTES}, {OFFSETS}, boolean, "
    f"{BYTES}, int64, {BYTES}, {OFFSETS}, {BYTES}, {_SHARES}, {OFFSETS})"
)
def write_results(
    rows: npt.NDArray[np.int32],
    scores: npt.NDArray[np.float32],
    rank: int,
    id_bytes: Bytes,
    id_offsets: Offsets,
    display_bytes: Bytes,
    display_offsets: Offsets,
    given_bytes: Bytes,
    given_offsets: Offsets,
    only_ids: bool,
    code: Bytes,
    at: int,
    label_bytes: Bytes,
    label_offsets: Offsets,
    vocabulary: Bytes,
    shares: Shares,
    seeds: Offsets,
) -> Bytes:
    """The encoded results of rows (k,) with scores (k,), the first of them of that rank, uint8.

    Each paper is shown by the message given for its result, if any, else by that in display of its row; or by its id
    alone. code tells the reasons from at on; labels name the seeds. shares (k, g) are what seeds (g,), places among
    the labels, contribute.
    """
    ids, labels = (id_bytes, id_offsets), (label_bytes, label_offsets)
    display, given = (display_bytes, display_offsets), (given_bytes, given_offsets)
    sizes = np.empty(rows.size, dtype=np.int64)
    total, after = 0, at
    for result in range(sizes.size):
        size, after = reasons_size(code, after, ids, labels, vocabulary)
        size += field_size(paper_size(rows[result], result, ids, display, given, only_ids))
        size += double_size(scores[result]) + count_size(rank + result)
        sizes[result] = size + contributions_size(shares, seeds, result, labels)
        total += field_size(sizes[result])
    out = np.empty(total, dtype=np.uint8)
    to = 0
    for result in range(sizes.size):
        to = put_head(out, to, _RESULTS, sizes[result])
        to = put_paper(out, to, rows[result], result, ids, display, given, only_ids)
        to = put_double(out, to, _SCORE, scores[result])
        to = put_count(out, to, _RANK, rank + result)
        to, at = put_reasons(out, to, _REASONS, code, at, ids, labels, vocabulary)
        to = put_contributions(out, to, shares, seeds, result, labels)
    return out
