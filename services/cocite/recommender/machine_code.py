"""Compiled: numbers and bytes in the protobuf encoding, written into a buffer that has room for them.

Functions that write return where they ended.
"""

import numpy as np
import numpy.typing as npt

from cocite.recommender.compiled import compiled

Bytes = npt.NDArray[np.uint8]
Offsets = npt.NDArray[np.int64]
Names = tuple[Bytes, Offsets]  # entry i is the bytes between places i and i + 1
BYTES = "Array(uint8, 1, 'C', readonly=True)"
OFFSETS = "Array(int64, 1, 'C', readonly=True)"
ROWS, SCORES = "Array(int32, 1, 'C', readonly=True)", "Array(float32, 1, 'C', readonly=True)"
NAMES = f"Tuple(({BYTES}, {OFFSETS}))"
BUFFER = "uint8[::1]"


@compiled("int64(int64)")
def varint_size(number: int) -> int:
    """Bytes that a number not below 0 takes."""
    size = 1
    while number >= 128:
        number >>= 7
        size += 1
    return size


@compiled(f"int64({BUFFER}, int64, int64)")
def put_varint(out: Bytes, to: int, number: int) -> int:
    """Write a number not below 0."""
    while number >= 128:
        out[to] = number & 127 | 128
        number >>= 7
        to += 1
    out[to] = number
    return to + 1


@compiled(f"int64({BYTES}, int64)")
def byte_at(code: Bytes, at: int) -> int:
    """The byte at a place, as a number that does not overflow."""
    number: int = code[at]
    return number


@compiled(f"UniTuple(int64, 2)({BYTES}, int64)")
def get_varint(code: Bytes, at: int) -> tuple[int, int]:
    """The number that starts at a place, and where it ends."""
    number, shift = 0, 0
    while code[at] >= 128:
        number |= (byte_at(code, at) & 127) << shift
        shift += 7
        at += 1
    return number | byte_at(code, at) << shift, at + 1


@compiled("int64(int64)")
def field_size(length: int) -> int:
    """Bytes of a field, number 15 at most, that holds length bytes."""
    return 1 + varint_size(length) + length


@compiled(f"int64({BUFFER}, int64, int64, int64)")
def put_head(out: Bytes, to: int, number: int, length: int) -> int:
    """Write what stands before the length bytes of a field."""
    out[to] = number << 3 | 2
    return put_varint(out, to + 1, length)


@compiled(f"int64({BUFFER}, int64, {BYTES}, int64, int64)")
def put_bytes(out: Bytes, to: int, source: Bytes, start: int, end: int) -> int:
    """Write source[start:end]."""
    for place in range(end - start):
        out[to + place] = source[start + place]
    return to + end - start


@compiled("int64(int64)")
def count_size(number: int) -> int:
    """Bytes of a field that holds a count: none for 0."""
    return 1 + varint_size(number) if number else 0


@compiled(f"int64({BUFFER}, int64, int64, int64)")
def put_count(out: Bytes, to: int, number: int, count: int) -> int:
    """Write a field, number 15 at most, that holds a count, unless it is 0."""
    if count == 0:
        return to
    out[to] = number << 3
    return put_varint(out, to + 1, count)


@compiled("int64(float64)")
def double_size(number: float) -> int:
    """Bytes of a field that holds a double: none for 0, but for negative 0."""
    return 9 if number != 0.0 or np.signbit(number) else 0


@compiled(f"int64({BUFFER}, int64, int64, float64)")
def put_double(out: Bytes, to: int, number: int, double: float) -> int:
    """Write a field, number 15 at most, that holds a double, unless it is 0."""
    if double_size(double) == 0:
        return to
    out[to] = number << 3 | 1
    cell = np.empty(1, dtype=np.float64)
    cell[0] = double
    for place, byte in enumerate(cell.view(np.uint8)):
        out[to + 1 + place] = byte
    return to + 9


@compiled(f"int64({NAMES}, int64)")
def name_size(names: Names, place: int) -> int:
    """Bytes of an entry."""
    _, offsets = names
    length: int = offsets[place + 1] - offsets[place]
    return length


@compiled(f"int64({BUFFER}, int64, int64, {NAMES}, int64)")
def put_name(out: Bytes, to: int, number: int, names: Names, place: int) -> int:
    """Write a field that holds an entry."""
    source, offsets = names
    return put_bytes(
        out, put_head(out, to, number, name_size(names, place)), source, offsets[place], offsets[place + 1]
    )
