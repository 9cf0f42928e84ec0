import base64
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cocite.core.errors import InvalidArgument, Unavailable
from cocite.recommender.attribution import attribution_token
from cocite.recommender.engine import MAX_DEPTH
from cocite.recommender.paging import make_token, read_token


@given(st.binary(max_size=200), st.text(max_size=30), st.binary(max_size=50), st.integers(0, 2**32 - 1))
def test_a_token_gives_its_offset_back_to_the_list_it_came_from(
    key: bytes, version: str, basis: bytes, offset: int
) -> None:
    token = make_token(key, version, basis, offset)
    start = read_token(token, key, version)
    assert start.offset == offset
    start.check(basis, complete=True)
    start.check(basis, complete=False)
    assert len(token) < 64


def test_a_list_of_another_basis_is_refused_for_now_or_for_good() -> None:
    start = read_token(make_token(b"q", "m1", b"with text", 20), b"q", "m1")
    with pytest.raises(Unavailable) as passing:
        start.check(b"without", complete=False)
    assert passing.value.retry_after_s
    with pytest.raises(InvalidArgument, match="ask for the first page again") as lasting:
        start.check(b"without", complete=True)
    assert lasting.value.field == "page_token"


def test_no_token_is_the_first_page() -> None:
    start = read_token("", b"q", "m1")
    assert start.offset == 0
    start.check(b"any", complete=False)


@pytest.mark.parametrize(
    ("token", "said"),
    [
        (make_token(b"other", "m1", b"", 20), "belongs to another request"),
        (make_token(b"q", "m2", b"", 20), "belongs to another model version"),
        (make_token(b"other", "m2", b"", 20), "belongs to another request"),
        ("garbage!", "no token of this service"),
        ("é", "no token of this service"),
        ("A" * 512, "no token of this service"),
        (make_token(b"q", "m1", b"", 20)[:-2], "no token of this service"),
    ],
)
def test_a_token_that_does_not_fit_says_why(token: str, said: str) -> None:
    with pytest.raises(InvalidArgument, match=said) as caught:
        read_token(token, b"q", "m1")
    assert caught.value.field == "page_token"


@given(st.integers(0, 40), st.integers(1, 255))
def test_no_changed_byte_goes_unseen(place: int, flip: int) -> None:
    raw = bytearray(base64.urlsafe_b64decode(make_token(b"q", "m1", b"", 20) + "=="))
    raw[place % len(raw)] ^= flip
    with pytest.raises(InvalidArgument):
        read_token(base64.urlsafe_b64encode(raw).rstrip(b"=").decode(), b"q", "m1")


@pytest.mark.parametrize("name", ["docs/api.md", "protos/cocite/v1/recommender_service.proto"])
def test_where_every_list_ends_is_told(name: str) -> None:
    assert f"{MAX_DEPTH}th result" in (Path(__file__).resolve().parents[3] / name).read_text()


def test_attribution_names_request_model_and_papers() -> None:
    token = attribution_token(b"request", "m1", b"papers")
    assert token == attribution_token(b"request", "m1", b"papers")
    others = [
        attribution_token(b"request", "m2", b"papers"),
        attribution_token(b"other", "m1", b"papers"),
        attribution_token(b"request", "m1", b"others"),
        attribution_token(b"request", "m1p", b"apers"),
        attribution_token(b"requestm", "1", b"papers"),
        attribution_token(b"request", "m1", b""),
    ]
    assert len({token, *others}) == 7 and {len(each) for each in (token, *others)} == {22}
