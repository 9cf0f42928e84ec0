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

MAGIC = 0xC1
HEADER = struct.Struct("<BBII")


class Kind(IntEnum):
    """What a payload is. Numbers are never reused: a payload that changes its format is a new kind."""

    PAPER = 1
    VECTOR = 2
    ANSWER = 3
    READER_TAG = 4
    FEED_HEAD = 5
    FEED_LIST = 6


def frame(kind: Kind, key: str, payload: bytes) -> bytes:
    """The value that holds payload under key."""
    return HEADER.pack(MAGIC, kind, checksum(kind, key, payload), len(payload)) + payload


def payload_of(kind: Kind, key: str, value: bytes) -> bytes | None:
    """The payload of a value found under key; None on any doubt."""
    if len(value) < HEADER.size:
        return None
    magic, stored_kind, stored_checksum, length = HEADER.unpack_from(value)
    payload = value[HEADER.size :]
    if magic != MAGIC or stored_kind != kind or length != len(payload):
        return None
    return payload if stored_checksum == checksum(kind, key, payload) else None


def checksum(kind: int, key: str, payload: bytes) -> int:
    """CRC-32 of everything that tells one value from another."""
    head = b"%c%d:%s" % (kind, len(payload), key.encode())
    return zlib.crc32(payload, zlib.crc32(head))
