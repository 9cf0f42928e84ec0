"""Compiled: a page of results in the encoding of cocite.v1.RecommendPapersResponse, written in one go.

Everything is copied to where it belongs, from the back to the front: papers as they lie in the bundle, ids and terms
from its arrays. A page takes little more than the time of copying it.
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
    Bytes,
    Names,
    Offsets,
    get_varint,
    put_count,
    put_double,
    put_head,
    put_name,
    widened,
)
from cocite.recommender.reason_writer import put_reason, room_for_reasons, walk_reason

_RESULTS, _PAPER, _SCORE, _RANK, _REASONS, _CONTRIBUTIONS = 1, 1, 2, 3, 4, 5  # numbers of fields
_PAPER_ID, _SEED, _SHARE = 1, 1, 2
_WRITTEN, _SHARE_WRITTEN = 48, 24  # bytes that a result, a share takes at most beside paper, reasons and label
_SHARES = "Array(int64, 2, 'C', readonly=True)"


@compiled(f"int64({NAMES}, int64)", inlined=True)
def size_of(names: Names, place: int) -> int:
    """Bytes of an entry; 0 for one beyond the last."""
    _, offsets = names
    size: int = offsets[place + 1] - offsets[place] if place + 1 < offsets.size else 0
    return size


@compiled(f"int64({BUFFER}, int64, int64, int64, {NAMES}, {NAMES}, {NAMES}, boolean)", inlined=True)
def put_paper(
    out: Bytes, to: int, row: int, result: int, ids: Names, display: Names, given: Names, only_ids: bool
) -> int:
    """Write the field of a paper."""
    if only_ids:
        start = put_name(out, to, _PAPER_ID, ids, row)
        return put_head(out, start, _PAPER, to - start)
    if size_of(given, result):
        return put_name(out, to, _PAPER, given, result)
    return put_name(out, to, _PAPER, display, row)


@compiled(f"int64({BUFFER}, int64, {_SHARES}, {OFFSETS}, int64, {NAMES})", inlined=True)
def put_contributions(
    out: Bytes, to: int, shares: npt.NDArray[np.int64], seeds: Offsets, result: int, labels: Names
) -> int:
    """Write the fields of what seeds contribute to a result: nothing where a share is not above 0."""
    for place in range(seeds.size - 1, -1, -1):
        if shares[result, place] > 0:
            end = to
            to = put_double(out, to, _SHARE, shares[result, place])
            to = put_name(out, to, _SEED, labels, seeds[place])
            to = put_head(out, to, _CONTRIBUTIONS, end - to)
    return to


@compiled(f"void({BYTES}, int64, int64[::1], int64[::1])", inlined=True)
def find_reasons(code: Bytes, at: int, starts: Offsets, ends: Offsets) -> None:
    """Where each reason starts; ends of results are places in starts."""
    reason = 0
    for result in range(ends.size):
        count, at = get_varint(code, at)
        for _ in range(count):
            starts[reason] = at
            _, at = walk_reason(code, at)
            reason += 1
        ends[result] = reason


@compiled(
    f"{BUFFER}({ROWS}, {ROWS}, int64, {BYTES}, {OFFSETS}, {BYTES}, {OFFSETS}, {BYTES}, {OFFSETS}, boolean, "
    f"{BYTES}, int64, {BYTES}, {OFFSETS}, {BYTES}, {_SHARES}, {OFFSETS}, int64)"
)
def write_results(
    rows: npt.NDArray[np.int32],
    scores: npt.NDArray[np.int32],
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
    shares: npt.NDArray[np.int64],
    seeds: Offsets,
    longest: int,
) -> Bytes:
    """The encoded results of rows (k,) with scores (k,), float32 as their bits, the first of them of that rank, uint8.

    Each paper is shown by the message given for its result, if any, else by that in display of its row; or by its id
    alone. code tells the reasons from at on; labels name the seeds. shares (k, g), float64 as their bits, are what
    seeds (g,), places among the labels, contribute. longest is the length of the longest id, label and term.
    """
    ids, labels = (id_bytes, id_offsets), (label_bytes, label_offsets)
    display, given = (display_bytes, display_offsets), (given_bytes, given_offsets)
    reasons, room = room_for_reasons(code, at, rows.size, longest)
    for result in range(rows.size):
        room += _WRITTEN + longest + max(size_of(display, rows[result]), size_of(given, result))
    room += rows.size * seeds.size * (_SHARE_WRITTEN + longest)
    starts, ends = np.empty(reasons, dtype=np.int64), np.empty(rows.size, dtype=np.int64)
    find_reasons(code, at, starts, ends)
    out, scratch = np.empty(room, dtype=np.uint8), np.empty(16, dtype=np.int64)
    to = room
    for result in range(rows.size - 1, -1, -1):
        end = to
        to = put_contributions(out, to, shares, seeds, result, labels)
        for reason in range(ends[result] - 1, ends[result - 1] - 1 if result else -1, -1):
            behind = to
            to = put_reason(out, to, code, starts[reason], ids, labels, vocabulary, scratch)
            to = put_head(out, to, _REASONS, behind - to)
        to = put_count(out, to, _RANK, rank + result)
        to = put_double(out, to, _SCORE, widened(scores[result]))
        to = put_paper(out, to, rows[result], result, ids, display, given, only_ids)
        to = put_head(out, to, _RESULTS, end - to)
    return out[to:]
