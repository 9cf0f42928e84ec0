"""Values as they lie in Redis: framed, so that whatever is not exactly what was stored is a miss and never an answer.

| bytes | what |
|---|---|
| 0 | magic and version of the frame, 0xC1 |
| 1 | kind of the payload |
| 2-5 | CRC-32 of key, kind, length and payload, little-endian |
| 6-9 | length of the payload, little-endian |
| 10- | payload |

The key is part of the checksum, so a value found under another key than its own is refused too. CRC-32 finds every
error burst of up to 32 bits; the length finds every truncation. Neither is meant to stop who may write to Redis.
"""

import struct
import zlib
from enum import IntEnum

import numpy as np
import numpy.typing as npt
from google.protobuf.message import DecodeError

from cocite.v1 import paper_pb2

MAGIC = 0xC1
_HEADER = struct.Struct("<BBII")


class Kind(IntEnum):
    """What a payload is. Numbers are never reused: a payload that changes its format is a new kind."""

    PAPER = 1
    VECTOR = 2


def encode_paper(key: str, paper: paper_pb2.Paper) -> bytes:
    """The value of a paper in the full view."""
    return _frame(Kind.PAPER, key, paper.SerializeToString())


def decode_paper(key: str, value: bytes) -> paper_pb2.Paper | None:
    """The paper stored under key; None on any doubt."""
    payload = _payload(Kind.PAPER, key, value)
    if payload is None:
        return None
    try:
        paper = paper_pb2.Paper.FromString(payload)
    except DecodeError:
        return None
    return paper if paper.paper_id else None


def encode_vector(key: str, vector: npt.NDArray[np.float16]) -> bytes:
    """The value of a vector of shape (d,)."""
    return _frame(Kind.VECTOR, key, vector.astype("<f2", copy=False).tobytes())


def decode_vector(key: str, value: bytes) -> bytes | None:
    """The numbers stored under key, little-endian float16, 2 bytes each; None on any doubt."""
    payload = _payload(Kind.VECTOR, key, value)
    return payload if payload and len(payload) % 2 == 0 else None


def checksum(kind: int, key: str, payload: bytes) -> int:
    """CRC-32 of everything that tells one value from another."""
    head = b"%c%d:%s" % (kind, len(payload), key.encode())
    return zlib.crc32(payload, zlib.crc32(head))


def _frame(kind: Kind, key: str, payload: bytes) -> bytes:
    return _HEADER.pack(MAGIC, kind, checksum(kind, key, payload), len(payload)) + payload


def _payload(kind: Kind, key: str, value: bytes) -> bytes | None:
    if len(value) < _HEADER.size:
        return None
    magic, stored_kind, stored_checksum, length = _HEADER.unpack_from(value)
    payload = value[_HEADER.size :]
    if magic != MAGIC or stored_kind != kind or length != len(payload):
        return None
    return payload if stored_checksum == checksum(kind, key, payload) else None
