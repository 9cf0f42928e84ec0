"""Compiled: reasons from the code of reason_code.py to the encoding of cocite.v1.Reason.

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
    byte_at,
    count_size,
    double_size,
    field_size,
    get_varint,
    name_size,
    put_bytes,
    put_count,
    put_double,
    put_head,
    put_name,
)
from cocite.recommender.reason_code import SHARED_TERMS, TEXT_LIKENESS
from cocite.recommender.tokens import LONGEST_TERM

_SEED, _VALUE, _ARGUMENTS, _TERMS_ALONE = 1, 1, 2, 1  # numbers of fields, of the reason and of its evidence
_DASH, _UNDERSCORE = 45, 95


@compiled(f"int64({BYTES}, int64)")
def term_size(vocabulary: Bytes, place: int) -> int:
    """Bytes of a term."""
    end = (place + 1) * LONGEST_TERM
    while end > place * LONGEST_TERM and vocabulary[end - 1] == 0:
        end -= 1
    return end - place * LONGEST_TERM


@compiled(f"int64({BUFFER}, int64, int64, {BYTES}, int64)")
def put_term(out: Bytes, to: int, number: int, vocabulary: Bytes, place: int) -> int:
    """Write a field that holds a term as it is shown, its parts joined by dashes."""
    start, size = place * LONGEST_TERM, term_size(vocabulary, place)
    to = put_bytes(out, put_head(out, to, number, size), vocabulary, start, start + size)
    for written in range(to - size, to):
        if out[written] == _UNDERSCORE:
            out[written] = _DASH
    return to


@compiled(f"float64({BYTES}, int64)")
def cosine_at(code: Bytes, at: int) -> float:
    """The float32 at a place."""
    cell = np.empty(4, dtype=np.uint8)
    for place in range(4):
        cell[place] = code[at + place]
    return np.float64(cell.view(np.float32)[0])


@compiled(f"UniTuple(int64, 2)({BYTES}, int64, int64, int64, {NAMES}, {BYTES})")
def evidence_size(code: Bytes, at: int, kind: int, arguments: int, ids: Names, vocabulary: Bytes) -> tuple[int, int]:
    """Bytes of the evidence whose value is at a place, and where its code ends."""
    size = 0
    if kind == TEXT_LIKENESS:
        size = double_size(cosine_at(code, at))
        at += 4
    elif kind != SHARED_TERMS:
        value, at = get_varint(code, at)
        size = count_size(value)
    for _ in range(arguments):
        place, at = get_varint(code, at)
        if kind in (TEXT_LIKENESS, SHARED_TERMS):
            size += field_size(term_size(vocabulary, place))
        else:
            size += field_size(name_size(ids, place))
    return size, at


@compiled(f"UniTuple(int64, 2)({BUFFER}, int64, {BYTES}, int64, int64, int64, {NAMES}, {BYTES})")
def put_evidence(
    out: Bytes, to: int, code: Bytes, at: int, kind: int, arguments: int, ids: Names, vocabulary: Bytes
) -> tuple[int, int]:
    """Write the evidence whose value is at a place; returns where it ended, and where its code does."""
    if kind == TEXT_LIKENESS:
        to = put_double(out, to, _VALUE, cosine_at(code, at))
        at += 4
    elif kind != SHARED_TERMS:
        value, at = get_varint(code, at)
        to = put_count(out, to, _VALUE, value)
    for _ in range(arguments):
        place, at = get_varint(code, at)
        if kind == TEXT_LIKENESS:
            to = put_term(out, to, _ARGUMENTS, vocabulary, place)
        elif kind == SHARED_TERMS:
            to = put_term(out, to, _TERMS_ALONE, vocabulary, place)
        else:
            to = put_name(out, to, _ARGUMENTS, ids, place)
    return to, at


@compiled(f"UniTuple(int64, 3)({BYTES}, int64, {NAMES}, {NAMES}, {BYTES})")
def reason_size(code: Bytes, at: int, ids: Names, labels: Names, vocabulary: Bytes) -> tuple[int, int, int]:
    """Bytes of the reason at a place, of its evidence, and where its code ends."""
    kind, arguments = byte_at(code, at) & 15, byte_at(code, at) >> 4
    seed, at = get_varint(code, at + 1)
    of_evidence, at = evidence_size(code, at, kind, arguments, ids, vocabulary)
    of_seed = field_size(name_size(labels, seed - 1)) if seed else 0
    return of_seed + field_size(of_evidence), of_evidence, at


@compiled(f"UniTuple(int64, 2)({BUFFER}, int64, int64, {BYTES}, int64, {NAMES}, {NAMES}, {BYTES})")
def put_reason(
    out: Bytes, to: int, number: int, code: Bytes, at: int, ids: Names, labels: Names, vocabulary: Bytes
) -> tuple[int, int]:
    """Write a field that holds the reason at a place; returns where it ended, and where its code does."""
    size, of_evidence, _ = reason_size(code, at, ids, labels, vocabulary)
    to = put_head(out, to, number, size)
    kind, arguments = byte_at(code, at) & 15, byte_at(code, at) >> 4
    seed, at = get_varint(code, at + 1)
    if seed:
        to = put_name(out, to, _SEED, labels, seed - 1)
    to = put_head(out, to, kind, of_evidence)
    return put_evidence(out, to, code, at, kind, arguments, ids, vocabulary)


@compiled(f"UniTuple(int64, 2)({BYTES}, int64, {NAMES}, {NAMES}, {BYTES})")
def reasons_size(code: Bytes, at: int, ids: Names, labels: Names, vocabulary: Bytes) -> tuple[int, int]:
    """Bytes of the fields, number 15 at most, of all reasons of the result at a place, and where its code ends."""
    total = 0
    count, at = get_varint(code, at)
    for _ in range(count):
        size, _, at = reason_size(code, at, ids, labels, vocabulary)
        total += field_size(size)
    return total, at


@compiled(f"UniTuple(int64, 2)({BUFFER}, int64, int64, {BYTES}, int64, {NAMES}, {NAMES}, {BYTES})")
def put_reasons(
    out: Bytes, to: int, number: int, code: Bytes, at: int, ids: Names, labels: Names, vocabulary: Bytes
) -> tuple[int, int]:
    """Write the fields of all reasons of the result at a place; returns where they ended, and where its code does."""
    count, at = get_varint(code, at)
    for _ in range(count):
        to, at = put_reason(out, to, number, code, at, ids, labels, vocabulary)
    return to, at


@compiled(f"int64({BYTES}, int64, int64)")
def end_of_reasons(code: Bytes, at: int, results: int) -> int:
    """Where the code of the reasons of so many results ends that starts at a place."""
    for _ in range(results):
        count, at = get_varint(code, at)
        for _ in range(count):
            kind, numbers = byte_at(code, at) & 15, byte_at(code, at) >> 4
            _, at = get_varint(code, at + 1)
            if kind == TEXT_LIKENESS:
                at += 4
            elif kind != SHARED_TERMS:
                numbers += 1
            for _ in range(numbers):
                _, at = get_varint(code, at)
    return at
