"""Papers and vectors as values in Redis; see cocite.cache.frames."""

import numpy as np
import numpy.typing as npt
from google.protobuf.message import DecodeError

from cocite.cache.frames import Kind, frame, payload_of
from cocite.v1 import paper_pb2


def encode_paper(key: str, paper: paper_pb2.Paper) -> bytes:
    """The value of a paper in the full view."""
    return frame(Kind.PAPER, key, paper.SerializeToString())


def decode_paper(key: str, value: bytes) -> paper_pb2.Paper | None:
    """The paper stored under key; None on any doubt."""
    payload = payload_of(Kind.PAPER, key, value)
    if payload is None:
        return None
    try:
        paper = paper_pb2.Paper.FromString(payload)
    except DecodeError:
        return None
    return paper if paper.paper_id else None


def encode_vector(key: str, vector: npt.NDArray[np.float16]) -> bytes:
    """The value of a vector of shape (d,)."""
    return frame(Kind.VECTOR, key, vector.astype("<f2", copy=False).tobytes())


def decode_vector(key: str, value: bytes) -> bytes | None:
    """The numbers stored under key, little-endian float16, 2 bytes each; None on any doubt."""
    payload = payload_of(Kind.VECTOR, key, value)
    return payload if payload and len(payload) % 2 == 0 else None
