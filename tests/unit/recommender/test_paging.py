import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cocite.core.errors import InvalidArgument
from cocite.recommender.attribution import attribution_token
from cocite.recommender.paging import make_token, read_token


@given(st.binary(max_size=200), st.text(max_size=30), st.integers(0, 2**32 - 1))
def test_a_token_gives_its_offset_back(key: bytes, version: str, offset: int) -> None:
    token = make_token(key, version, offset)
    assert read_token(token, key, version) == offset
    assert len(token) < 64


def test_no_token_is_the_first_page() -> None:
    assert read_token("", b"q", "m1") == 0


@pytest.mark.parametrize(
    ("token", "said"),
    [
        (make_token(b"other", "m1", 20), "belongs to another request"),
        (make_token(b"q", "m2", 20), "belongs to another model version"),
        (make_token(b"other", "m2", 20), "belongs to another request"),
        ("garbage!", "no token of this service"),
        ("é", "no token of this service"),
        ("A" * 512, "no token of this service"),
        (make_token(b"q", "m1", 20)[:-2], "no token of this service"),
    ],
)
def test_a_token_that_does_not_fit_says_why(token: str, said: str) -> None:
    with pytest.raises(InvalidArgument, match=said) as caught:
        read_token(token, b"q", "m1")
    assert caught.value.field == "page_token"


@given(st.integers(0, 32), st.integers(1, 255))
def test_no_changed_byte_goes_unseen(place: int, flip: int) -> None:
    raw = bytearray(base64.urlsafe_b64decode(make_token(b"q", "m1", 20) + "=="))
    raw[place % len(raw)] ^= flip
    with pytest.raises(InvalidArgument):
        read_token(base64.urlsafe_b64encode(raw).rstrip(b"=").decode(), b"q", "m1")


def test_attribution_names_request_and_model() -> None:
    token = attribution_token(b"request", "m1")
    assert token == attribution_token(b"request", "m1")
    assert len({token, attribution_token(b"request", "m2"), attribution_token(b"other", "m1")}) == 3
