"""What the quick way takes a request for, from its bytes alone."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cocite.recommender.one_paper import PageAsked
from cocite.serving.interceptor import validate
from cocite.v1 import paper_pb2
from cocite.v1 import recommender_service_pb2 as pb

PLAIN = pb.RecommendPapersRequest(
    seeds=pb.Seeds(positive_ids=["doi:10.1000/1"]), filter=pb.PaperFilter(), page_size=20, page_token="_a-0", view=1
).SerializeToString()
IDS = st.text(st.characters(codec="ascii"), min_size=1, max_size=130) | st.text(min_size=1, max_size=600)
TOKENS = st.text("abcXYZ012_-", max_size=140) | st.text(max_size=20)


@st.composite
def requests(draw: st.DrawFn) -> bytes:
    request = pb.RecommendPapersRequest(
        seeds=pb.Seeds(positive_ids=[draw(IDS)]),
        page_size=draw(st.integers(-1, 300)),
        page_token=draw(TOKENS),
        view=draw(st.integers(0, 4)),
    )
    if draw(st.booleans()):
        request.filter.SetInParent()
    return request.SerializeToString(deterministic=True)


@st.composite
def spoilt(draw: st.DrawFn) -> bytes:
    data = bytearray(draw(requests() | st.just(PLAIN)))
    for _ in range(draw(st.integers(1, 3))):
        place = draw(st.integers(0, min(len(data), 60) - 1))
        if draw(st.booleans()):
            data[place] = draw(st.integers(0, 255))
        else:
            data.insert(place, draw(st.integers(0, 255)))
    return bytes(data)


@given(data=requests() | spoilt())
def test_what_is_taken_obeys_the_rules_and_says_what_the_message_says(data: bytes) -> None:
    asked = PageAsked.of(data)
    if asked is None:
        return
    request = pb.RecommendPapersRequest.FromString(data)
    validate(request)
    assert request.SerializeToString(deterministic=True) == data
    bare = pb.RecommendPapersRequest(seeds=pb.Seeds(positive_ids=[asked.spelt]))
    if request.HasField("filter"):
        bare.filter.SetInParent()
    assert asked.key == bare.SerializeToString()
    bare.page_size, bare.page_token, bare.view = request.page_size, asked.token, request.view
    assert bare == request
    assert (asked.size, asked.only_ids) == (request.page_size or 20, request.view == paper_pb2.PAPER_VIEW_ID)


@pytest.mark.parametrize("name", ["doi:10.1000/1", "https://doi.org/10.1000/" + "x" * 101, "10.1000/ (1)*0"])
def test_ids_are_taken_as_they_are_spelt(name: str) -> None:
    for fields in ({}, {"page_size": 20}, {"page_token": "0_-0", "view": 2}, {"page_size": 7, "view": 1}):
        asked = PageAsked.of(
            pb.RecommendPapersRequest(seeds=pb.Seeds(positive_ids=[name]), **fields).SerializeToString()
        )
        assert asked is not None
        assert (asked.spelt, asked.token) == (name, fields.get("page_token", ""))


def test_what_is_encoded_in_an_unusual_way_is_left_alone() -> None:
    plain = pb.RecommendPapersRequest(seeds=pb.Seeds(positive_ids=["a"])).SerializeToString()
    assert PageAsked.of(plain) is not None
    for data in (b"\x20\x05" + plain, plain + b"\x20\x00", plain + b"\x20\x85\x00", plain + b"\x30\x01\x20\x05"):
        assert pb.RecommendPapersRequest.FromString(data).seeds.positive_ids == ["a"]
        assert PageAsked.of(data) is None


@pytest.mark.parametrize("data", [b"\nJ\nH", b"\n\x20\n\x1edoi:10.1000/20"])
def test_an_id_that_is_cut_short_is_not_taken(data: bytes) -> None:
    whole = data.ljust(data[1] + 2, b"x")
    assert PageAsked.of(whole) is not None
    assert PageAsked.of(data) is None
