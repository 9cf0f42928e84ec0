"""Compiled: numbers and bytes in the protobuf encoding, written from the back to the front.

A message is preceded by its length: written backwards, the length is known by the time it is due, and nothing needs to
be measured first (upb encodes so, too). Functions that write do so in front of a place, and return where they began;
the buffer has room. Floating-point numbers come as their bits.
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


@compiled("int64(int64)", inlined=True)
def varint_size(number: int) -> int:
    """Bytes that a number not below 0 takes in base 128."""
    size = 1
    while number >= 128:
        number >>= 7
        size += 1
    return size


@compiled(f"int64({BYTES}, int64)", inlined=True)
def byte_at(code: Bytes, at: int) -> int:
    """The byte at a place, as a number that does not overflow."""
    number: int = code[np.uint64(at)]
    return number


@compiled(f"UniTuple(int64, 2)({BYTES}, int64)", inlined=True)
def get_varint(code: Bytes, at: int) -> tuple[int, int]:
    """The number in base 128 that starts at a place, and where it ends."""
    number, shift = 0, 0
    while byte_at(code, at) >= 128:
        number |= (byte_at(code, at) & 127) << shift
        shift += 7
        at += 1
    return number | byte_at(code, at) << shift, at + 1


@compiled(f"int64({BYTES}, int64)", inlined=True)
def get_single(code: Bytes, at: int) -> int:
    """The bits of the float32 at a place."""
    first, second, third, last = byte_at(code, at), byte_at(code, at + 1), byte_at(code, at + 2), byte_at(code, at + 3)
    return first | second << 8 | third << 16 | last << 24


@compiled("int64(int64)", inlined=True)
def widened(bits: int) -> int:
    """The bits of the float64 that a finite float32 is, from those of the float32 (IEEE 754)."""
    sign, exponent, fraction = bits >> 31 & 1, bits >> 23 & 0xFF, bits & 0x7FFFFF
    if exponent == 0:
        if fraction == 0:
            return sign << 63
        exponent = 1  # a number so small that it has no leading one
        while fraction < 0x800000:
            fraction <<= 1
            exponent -= 1
    return sign << 63 | (exponent + 896) << 52 | (fraction & 0x7FFFFF) << 29


@compiled(f"int64({BUFFER}, int64, int64)", inlined=True)
def put_varint(out: Bytes, to: int, number: int) -> int:
    """Write a number not below 0 in base 128."""
    start = to - varint_size(number)
    at = start
    while number >= 128:
        out[np.uint64(at)] = number & 127 | 128
        number >>= 7
        at += 1
    out[np.uint64(at)] = number
    return start


@compiled(f"int64({BUFFER}, int64, {BYTES}, int64, int64)", inlined=True)
def put_bytes(out: Bytes, to: int, source: Bytes, start: int, end: int) -> int:
    """Write source[start:end]."""
    began = to - (end - start)
    first, behind = np.uint64(start), np.uint64(began)  # signed places may count from the end: ten times slower
    for place in range(np.uint64(end - start)):
        out[behind + place] = source[first + place]
    return began


@compiled(f"int64({BUFFER}, int64, int64, int64)", inlined=True)
def put_head(out: Bytes, to: int, number: int, length: int) -> int:
    """Write what stands before the length bytes of a field, number 15 at most."""
    to = put_varint(out, to, length) - 1
    out[np.uint64(to)] = number << 3 | 2
    return to


@compiled(f"int64({BUFFER}, int64, int64, int64)", inlined=True)
def put_number(out: Bytes, to: int, field: int, number: int) -> int:
    """Write a field, number 15 at most, that holds a number not below 0, also where it is 0."""
    to = put_varint(out, to, number) - 1
    out[np.uint64(to)] = field << 3
    return to


@compiled(f"int64({BUFFER}, int64, int64, int64)", inlined=True)
def put_count(out: Bytes, to: int, number: int, count: int) -> int:
    """Write a field, number 15 at most, that holds a count, unless it is 0."""
    return put_number(out, to, number, count) if count else to


@compiled(f"int64({BUFFER}, int64, int64, int64)", inlined=True)
def put_double(out: Bytes, to: int, number: int, bits: int) -> int:
    """Write a field, number 15 at most, that holds a float64, unless all its bits are 0."""
    if bits == 0:
        return to
    for place in range(8):
        out[np.uint64(to - 8 + place)] = bits >> 8 * place & 0xFF
    out[np.uint64(to - 9)] = number << 3 | 1
    return to - 9


@compiled(f"int64({BUFFER}, int64, int64, {NAMES}, int64)", inlined=True)
def put_name(out: Bytes, to: int, number: int, names: Names, place: int) -> int:
    """Write a field that holds an entry."""
    source, offsets = names
    start, end = offsets[np.uint64(place)], offsets[np.uint64(place + 1)]
    return put_head(out, put_bytes(out, to, source, start, end), number, end - start)
