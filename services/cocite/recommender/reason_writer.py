"""Compiled: reasons from the code of reason_code.py to the encoding of cocite.v1.Reason, written backwards.

at is a place in the code. ids names the papers, labels the seeds; vocabulary has LONGEST_TERM bytes for each term,
filled up with zeros.
"""

import numpy as np

from cocite.recommender.compiled import compiled
from cocite.recommender.machine_code import (
    BUFFER,
    BYTES,
    NAMES,
    Bytes,
    Names,
    Offsets,
    byte_at,
    get_single,
    get_varint,
    put_count,
    put_double,
    put_head,
    put_name,
    put_number,
    widened,
)
from cocite.recommender.reason_code import DIRECT_CITATION, SHARED_TERMS, TEXT_LIKENESS
from cocite.recommender.tokens import LONGEST_TERM

_SEED, _VALUE, _ARGUMENTS, _TERMS_ALONE = 1, 1, 2, 1  # numbers of fields, of the reason and of its evidence
_DASH, _UNDERSCORE = 45, 95
_WRITTEN = 32  # bytes that a reason takes at most beside its label, its paper ids and its terms


@compiled(f"UniTuple(int64, 2)({BYTES}, int64)", inlined=True)
def walk_reason(code: Bytes, at: int) -> tuple[int, int]:
    """How many papers and terms the reason at a place names, its seed among them, and where its code ends."""
    kind, arguments = byte_at(code, at) & 15, byte_at(code, at) >> 4
    numbers = arguments
    _, at = get_varint(code, at + 1)
    if kind == TEXT_LIKENESS:
        at += 4
    elif kind != SHARED_TERMS:
        numbers += 1
    for _ in range(numbers):
        _, at = get_varint(code, at)
    return arguments + 1, at


@compiled(f"int64({BYTES}, int64, int64)")
def end_of_reasons(code: Bytes, at: int, results: int) -> int:
    """Where the code of the reasons of so many results ends that starts at a place."""
    for _ in range(results):
        count, at = get_varint(code, at)
        for _ in range(count):
            _, at = walk_reason(code, at)
    return at


@compiled(f"UniTuple(int64, 2)({BYTES}, int64, int64, int64)", inlined=True)
def room_for_reasons(code: Bytes, at: int, results: int, longest: int) -> tuple[int, int]:
    """How many reasons the results from a place on have, and a number of bytes that they do not exceed.

    longest is that of the longest id, label and term.
    """
    reasons, room = 0, 0
    for _ in range(results):
        count, at = get_varint(code, at)
        for _ in range(count):
            names, at = walk_reason(code, at)
            room += _WRITTEN + names * (longest + 4)
        reasons += count
    return reasons, room


@compiled(f"int64({BYTES}, int64)", inlined=True)
def term_size(vocabulary: Bytes, place: int) -> int:
    """Bytes of a term."""
    start, size = np.uint64(place * LONGEST_TERM), 0
    while size < LONGEST_TERM and vocabulary[start + np.uint64(size)] != 0:
        size += 1
    return size


@compiled(f"int64({BUFFER}, int64, int64, {BYTES}, int64)", inlined=True)
def put_term(out: Bytes, to: int, number: int, vocabulary: Bytes, place: int) -> int:
    """Write a field that holds a term as it is shown, its parts joined by dashes."""
    start, size = np.uint64(place * LONGEST_TERM), term_size(vocabulary, place)
    for at in range(size):
        byte = vocabulary[start + np.uint64(at)]
        out[np.uint64(to - size + at)] = _DASH if byte == _UNDERSCORE else byte
    return put_head(out, to - size, number, size)


@compiled(f"int64({BUFFER}, int64, {BYTES}, int64, {NAMES}, {NAMES}, {BYTES}, int64[::1])", inlined=True)
def put_reason(
    out: Bytes, to: int, code: Bytes, at: int, ids: Names, labels: Names, vocabulary: Bytes, scratch: Offsets
) -> int:
    """Write the reason at a place. scratch has room for 15 arguments."""
    end, kind, arguments = to, byte_at(code, at) & 15, byte_at(code, at) >> 4
    seed, at = get_varint(code, at + 1)
    value = 0
    if kind == TEXT_LIKENESS:
        value = widened(get_single(code, at))
        at += 4
    elif kind != SHARED_TERMS:
        value, at = get_varint(code, at)
    for place in range(arguments):
        scratch[place], at = get_varint(code, at)
    for place in range(arguments - 1, -1, -1):
        if kind == TEXT_LIKENESS:
            to = put_term(out, to, _ARGUMENTS, vocabulary, scratch[place])
        elif kind == SHARED_TERMS:
            to = put_term(out, to, _TERMS_ALONE, vocabulary, scratch[place])
        else:
            to = put_name(out, to, _ARGUMENTS, ids, scratch[place])
    if kind == TEXT_LIKENESS:
        to = put_double(out, to, _VALUE, value)
    elif kind == DIRECT_CITATION:  # false is told, too
        to = put_number(out, to, _VALUE, value)
    else:
        to = put_count(out, to, _VALUE, value)
    to = put_head(out, to, kind, end - to)
    return put_name(out, to, _SEED, labels, seed - 1) if seed else to
