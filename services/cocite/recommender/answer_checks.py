"""Is what answers are spliced from sound? Compiled, for it is most of a bundle.

The compiled functions return the first row at fault from start to end, -1 when there is none.
"""

from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import numpy.typing as npt

from cocite.core.errors import CorruptData
from cocite.recommender import layout
from cocite.recommender.compiled import compiled
from cocite.recommender.machine_code import (
    BYTES,
    OFFSETS,
    ROWS,
    SCORES,
    Bytes,
    Offsets,
    byte_at,
    get_single,
    varint_size,
)
from cocite.recommender.number_checks import check_offsets
from cocite.recommender.reason_code import POPULARITY, SHARED_REFERENCES, SHARED_TERMS, TEXT_LIKENESS

_THREADS = 2
_LONGEST_VARINT = 5
_ONE = 0x3F800000  # the bits of 1.0 as float32, which ascend with the number
_PAPER_ID_HEAD = 10  # field 1 of cocite.v1.Paper, bytes


def check_answers(arrays: Mapping[str, npt.NDArray[Any]], n: int) -> None:
    """Raise CorruptData unless each paper is shown as itself, and related lists and their reasons can be read."""
    for offsets, name in (
        (layout.DISPLAY_OFFSETS, layout.DISPLAY),
        (layout.RELATED_OFFSETS, layout.RELATED),
        (layout.RELATED_REASON_OFFSETS, layout.RELATED_REASONS),
    ):
        check_offsets(offsets, arrays[offsets], arrays[name].size)
    if arrays[layout.RELATED_SCORES].size != arrays[layout.RELATED].size:
        raise CorruptData(f"{layout.RELATED_SCORES} has not the size of {layout.RELATED}")
    ids, lists = (layout.PAPER_IDS, layout.PAPER_ID_OFFSETS), (layout.RELATED_OFFSETS, layout.RELATED)
    limits = np.array([n, arrays[layout.VOCABULARY].size], dtype=np.int64)
    told = (layout.RELATED_OFFSETS, layout.RELATED_REASON_OFFSETS, layout.RELATED_REASONS)
    for name, first_fault, arguments in (
        (layout.DISPLAY, misnamed, [arrays[each] for each in (*ids, layout.DISPLAY, layout.DISPLAY_OFFSETS)]),
        (layout.RELATED, wrong_list, [arrays[each] for each in (*lists, layout.RELATED_SCORES)]),
        (layout.RELATED_REASONS, unreadable_reasons, [limits, *(arrays[each] for each in told)]),
    ):
        _check(name, first_fault, arguments, n)


def _check(name: str, first_fault: Callable[..., int], arguments: list[npt.NDArray[Any]], n: int) -> None:
    ends = np.linspace(0, n, _THREADS + 1).astype(np.int64).tolist()
    with ThreadPoolExecutor(_THREADS, thread_name_prefix="checks") as pool:
        found = pool.map(lambda start, end: first_fault(*arguments, start, end), ends[:-1], ends[1:])
        for row in found:
            if row >= 0:
                raise CorruptData(f"{name} holds what cannot be for the paper in row {row}")


@compiled(f"int64({BYTES}, {OFFSETS}, {BYTES}, {OFFSETS}, int64, int64)")
def misnamed(ids: Bytes, id_offsets: Offsets, display: Bytes, offsets: Offsets, start: int, end: int) -> int:
    """A paper that is not shown under its own id."""
    for row in range(start, end):
        size = id_offsets[row + 1] - id_offsets[row]
        head = 1 + varint_size(size)
        at = offsets[row]
        if offsets[row + 1] - at < head + size or display[at] != _PAPER_ID_HEAD:
            return row
        told = 0
        for place in range(head - 1):
            told |= (byte_at(display, at + 1 + place) & 127) << 7 * place
        if told != size:
            return row
        for place in range(size):
            if display[at + head + place] != ids[id_offsets[row] + place]:
                return row
    return -1


@compiled(f"int64({OFFSETS}, {ROWS}, {SCORES}, int64, int64)")
def wrong_list(
    offsets: Offsets, rows: npt.NDArray[np.int32], scores: npt.NDArray[np.float32], start: int, end: int
) -> int:
    """A list that holds its own paper or none, or whose scores are not finite or rise."""
    papers = offsets.size - 1
    for row in range(start, end):
        last = np.float32(np.inf)
        for place in range(offsets[row], offsets[row + 1]):
            other, score = rows[place], scores[place]
            if not 0 <= other < papers or other == row or not np.isfinite(score) or score > last:
                return row
            last = score
    return -1


@compiled(f"UniTuple(int64, 2)({BYTES}, int64, int64)", inlined=True)
def checked_varint(code: Bytes, at: int, end: int) -> tuple[int, int]:
    """The number at a place and where it ends; -1 for none that ends before end."""
    number = 0
    for place in range(min(_LONGEST_VARINT, end - at)):
        number |= (byte_at(code, at + place) & 127) << 7 * place
        if code[at + place] < 128:
            return number, at + place + 1
    return -1, at


@compiled(f"int64({BYTES}, int64, int64, int64, int64)", inlined=True)
def end_of_reason(code: Bytes, at: int, end: int, papers: int, terms: int) -> int:
    """Where the reason that starts at a place ends; -1 for none that ends before end."""
    if at >= end:
        return -1
    kind, arguments = byte_at(code, at) & 15, byte_at(code, at) >> 4
    seed, at = checked_varint(code, at + 1, end)
    if seed != 1 or not SHARED_REFERENCES <= kind <= SHARED_TERMS or kind == POPULARITY:
        return -1
    if kind == TEXT_LIKENESS:
        if at + 4 > end or get_single(code, at) & 0x7FFFFFFF > _ONE:  # neither infinite nor none
            return -1
        at += 4
    elif kind != SHARED_TERMS:
        value, at = checked_varint(code, at, end)
        if value < 0:
            return -1
    limit = terms if kind in (TEXT_LIKENESS, SHARED_TERMS) else papers
    for _ in range(arguments):
        place, at = checked_varint(code, at, end)
        if not 0 <= place < limit:
            return -1
    return at


@compiled(f"int64({OFFSETS}, {OFFSETS}, {OFFSETS}, {BYTES}, int64, int64)")
def unreadable_reasons(limits: Offsets, lists: Offsets, offsets: Offsets, code: Bytes, start: int, end: int) -> int:
    """A paper whose code of reasons is not that of the first layout.EXPLAINED results of its list, whole and no more.

    limits are the numbers of papers and terms, lists the offsets of the lists.
    """
    for row in range(start, end):
        at = offsets[row]
        for _ in range(min(lists[row + 1] - lists[row], layout.EXPLAINED)):
            count, at = checked_varint(code, at, offsets[row + 1])
            if count < 0:
                return row
            for _ in range(count):
                at = end_of_reason(code, at, offsets[row + 1], limits[0], limits[1])
                if at < 0:
                    return row
        if at != offsets[row + 1]:
            return row
    return -1
