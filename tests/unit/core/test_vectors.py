import numpy as np
import pytest

from cocite.core.errors import InvalidArgument
from cocite.core.vectors import Dtype, decode_vector, decode_vectors, encode_vector


@pytest.mark.parametrize("dtype", ["float32", "float16"])
def test_round_trip(dtype: Dtype) -> None:
    vector = np.array([0.5, -0.25, 1.0], dtype=np.float32)
    assert np.array_equal(decode_vector(encode_vector(vector, dtype), dtype, 3), vector)


def test_bytes_are_little_endian() -> None:
    assert encode_vector(np.array([1.0], dtype=">f4"), "float32") == b"\x00\x00\x80\x3f"


@pytest.mark.parametrize("data", [b"", b"\x00" * 5, b"\x00" * 16, np.float32([1, np.nan, 3]).tobytes()])
def test_wrong_bytes_are_refused_with_the_field_named(data: bytes) -> None:
    with pytest.raises(InvalidArgument) as caught:
        decode_vector(data, "float32", 3, field="vectors[0].data")
    assert caught.value.field == "vectors[0].data"


@pytest.mark.parametrize("dtype", ["float32", "float16"])
def test_many_come_back_in_the_format_they_came_in(dtype: Dtype) -> None:
    rows = np.array([[0.5, -0.25], [1.0, 2.0], [0.0, -8.0]], dtype=dtype)
    decoded = decode_vectors([encode_vector(row, dtype) for row in rows], dtype, 2, field=str)
    assert decoded.dtype == dtype and np.array_equal(decoded, rows)


@pytest.mark.parametrize("bad", [b"", b"\x00" * 7, np.float32([np.inf, 0]).tobytes()])
def test_the_one_at_fault_of_many_is_named(bad: bytes) -> None:
    good = np.float32([1, 2]).tobytes()
    with pytest.raises(InvalidArgument, match=r"rows\[2\] h") as caught:
        decode_vectors([good, good, bad, good], "float32", 2, field=lambda i: f"rows[{i}]")
    assert caught.value.field == "rows[2]"
