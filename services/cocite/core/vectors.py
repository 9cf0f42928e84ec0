"""Vectors as bytes: little-endian float16 or float32, in one place."""

from collections.abc import Callable, Sequence
from typing import Literal

import numpy as np
import numpy.typing as npt

from cocite.core.errors import InvalidArgument

Dtype = Literal["float32", "float16"]
_NUMPY: dict[Dtype, str] = {"float32": "<f4", "float16": "<f2"}


def encode_vector(vector: npt.NDArray[np.floating], dtype: Dtype) -> bytes:
    """Bytes of a vector of shape (d,)."""
    return vector.astype(_NUMPY[dtype]).tobytes()


def decode_vectors(
    data: Sequence[bytes], dtype: Dtype, dimension: int, *, field: Callable[[int], str]
) -> npt.NDArray[np.floating]:
    """Vectors of shape (len(data), dimension) in the number format they came in.

    field names the vector at a place. Raises InvalidArgument on a wrong length or a number not finite.
    """
    expected = dimension * np.dtype(_NUMPY[dtype]).itemsize
    for i, one in enumerate(data):
        if len(one) != expected:
            raise InvalidArgument(
                f"{field(i) or 'a vector'} has {len(one)} bytes, not {expected} ({dimension} x {dtype})", field=field(i)
            )
    numbers = np.frombuffer(b"".join(data), dtype=_NUMPY[dtype]).reshape(len(data), dimension)
    check_finite(numbers, "holds a number that is not finite", field)
    return numbers


def decode_vector(data: bytes, dtype: Dtype, dimension: int, *, field: str = "") -> npt.NDArray[np.float32]:
    """Vector of shape (dimension,), float32. Raises InvalidArgument on a wrong length or a number not finite."""
    return decode_vectors([data], dtype, dimension, field=lambda _: field).astype(np.float32).reshape(dimension)


def check_direction(vectors: npt.NDArray[np.floating], field: Callable[[int], str]) -> None:
    """Raise InvalidArgument for the first row of vectors (n, d) that is all zeros, and so is like nothing."""
    some = vectors.any(axis=1)
    if not some.all():
        name = field(int(some.argmin()))
        raise InvalidArgument(f"{name or 'a vector'} holds nothing but zeros", field=name)


def check_finite(vectors: npt.NDArray[np.floating], complaint: str, field: Callable[[int], str]) -> None:
    """Raise InvalidArgument with the complaint about the first row of vectors (n, d) that is not finite throughout."""
    finite = np.isfinite(vectors).all(axis=1)
    if not finite.all():
        name = field(int(finite.argmin()))
        raise InvalidArgument(f"{name or 'a vector'} {complaint}", field=name)
