"""Vectors as bytes: little-endian float16 or float32, in one place."""

from typing import Literal

import numpy as np
import numpy.typing as npt

from cocite.core.errors import InvalidArgument

Dtype = Literal["float32", "float16"]
_NUMPY: dict[Dtype, str] = {"float32": "<f4", "float16": "<f2"}


def encode_vector(vector: npt.NDArray[np.floating], dtype: Dtype) -> bytes:
    """Bytes of a vector of shape (d,)."""
    return vector.astype(_NUMPY[dtype]).tobytes()


def decode_vector(data: bytes, dtype: Dtype, dimension: int, *, field: str = "") -> npt.NDArray[np.float32]:
    """Vector of shape (dimension,), float32. Raises InvalidArgument on a wrong length or a number not finite."""
    expected = dimension * np.dtype(_NUMPY[dtype]).itemsize
    if len(data) != expected:
        raise InvalidArgument(f"a vector has {len(data)} bytes, not {expected} ({dimension} x {dtype})", field=field)
    vector = np.frombuffer(data, dtype=_NUMPY[dtype]).astype(np.float32)
    if not np.isfinite(vector).all():
        raise InvalidArgument("a vector holds a number that is not finite", field=field)
    return vector
