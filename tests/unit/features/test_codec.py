import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cocite.cache import frames
from cocite.features import codec
from cocite.v1 import paper_pb2

KEY = "cocite:paper:2:doi:10.1/a"
keys = st.text(min_size=1, max_size=40)
papers = st.builds(
    paper_pb2.Paper,
    paper_id=st.text(min_size=1, max_size=20),
    title=st.text(max_size=40),
    abstract=st.text(max_size=80),
    authors=st.lists(st.text(max_size=10), max_size=3),
    year=st.none() | st.integers(0, 9999),
    citation_count=st.integers(0, 2**31 - 1),
)
halves = st.lists(st.floats(width=16, allow_nan=False, allow_infinity=False), min_size=1, max_size=40)


@given(keys, papers)
def test_a_paper_comes_back_as_it_went_in(key: str, paper: paper_pb2.Paper) -> None:
    assert codec.decode_paper(key, codec.encode_paper(key, paper)) == paper


@given(keys, halves)
def test_a_vector_comes_back_bit_for_bit(key: str, numbers: list[float]) -> None:
    vector = np.array(numbers, dtype=np.float16)
    assert codec.decode_vector(key, codec.encode_vector(key, vector)) == vector.astype("<f2").tobytes()


@given(papers)
def test_every_bit_flip_truncation_and_extension_of_a_paper_is_refused(paper: paper_pb2.Paper) -> None:
    value = codec.encode_paper(KEY, paper)
    for bit in range(len(value) * 8):
        flipped = bytearray(value)
        flipped[bit // 8] ^= 1 << bit % 8
        assert codec.decode_paper(KEY, bytes(flipped)) is None
    for length in range(len(value)):
        assert codec.decode_paper(KEY, value[:length]) is None
        assert codec.decode_paper(KEY, value[length + 1 :]) is None
    assert codec.decode_paper(KEY, value + b"\x00") is None


@given(halves)
def test_every_bit_flip_truncation_and_extension_of_a_vector_is_refused(numbers: list[float]) -> None:
    value = codec.encode_vector(KEY, np.array(numbers, dtype=np.float16))
    for bit in range(len(value) * 8):
        flipped = bytearray(value)
        flipped[bit // 8] ^= 1 << bit % 8
        assert codec.decode_vector(KEY, bytes(flipped)) is None
    for length in range(len(value)):
        assert codec.decode_vector(KEY, value[:length]) is None
    assert codec.decode_vector(KEY, value + b"\x00\x00") is None


@given(st.binary(max_size=200))
def test_random_bytes_are_refused_and_raise_nothing(value: bytes) -> None:
    assert codec.decode_paper(KEY, value) is None
    assert codec.decode_vector(KEY, value) is None


@given(keys, keys, papers)
def test_a_value_of_another_key_is_refused(key: str, other: str, paper: paper_pb2.Paper) -> None:
    decoded = codec.decode_paper(other, codec.encode_paper(key, paper))
    assert decoded == (paper if key == other else None)


def test_a_vector_is_no_paper_and_a_paper_no_vector() -> None:
    vector = codec.encode_vector(KEY, np.ones(8, dtype=np.float16))
    paper = codec.encode_paper(KEY, paper_pb2.Paper(paper_id="local:a"))
    assert codec.decode_paper(KEY, vector) is None
    assert codec.decode_vector(KEY, paper) is None


def test_a_paper_without_id_and_a_payload_that_is_no_paper_are_refused() -> None:
    assert codec.decode_paper(KEY, codec.encode_paper(KEY, paper_pb2.Paper(title="nameless"))) is None
    payload = b"\xff" * 9
    assert codec.decode_paper(KEY, frames.frame(frames.Kind.PAPER, KEY, payload)) is None


def test_without_the_checksum_a_poisoned_value_would_pass(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(frames, "checksum", lambda *_: 0)
    value = bytearray(codec.encode_vector(KEY, np.ones(8, dtype=np.float16)))
    value[-1] ^= 0x40
    assert codec.decode_vector(KEY, bytes(value)) is not None
    assert codec.decode_vector("another key", bytes(value)) is not None
