import numpy as np
import pytest

from cocite.core.errors import InvalidArgument
from cocite.core.vectors import Dtype, decode_vector, encode_vector


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
