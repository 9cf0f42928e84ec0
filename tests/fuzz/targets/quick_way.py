"""The way that tells from a request's bytes what is asked: it takes only what the long way takes, and reads it so."""

from google.protobuf.message import DecodeError

from cocite.core.errors import InvalidArgument
from cocite.recommender.one_paper import PageAsked
from cocite.recommender.paging import DEFAULT_PAGE_SIZE
from cocite.serving.interceptor import validate
from cocite.v1 import paper_pb2
from cocite.v1.recommender_service_pb2 import RecommendPapersRequest

_ID = b"\x0a\x0d\x0a\x0bdoi:10.1/ab"
SEEDS = [
    _ID,
    _ID + b"\x20\x0a",
    _ID + b"\x12\x00\x20\x0a\x2a\x04abcd\x30\x01",
    _ID + b"\x30\x02",
    b"\x0a\x06\x0a\x04\xc3\xa9:1",
]


def check(data: bytes) -> None:
    asked = PageAsked.of(data)
    if asked is None:
        return
    try:
        request = RecommendPapersRequest.FromString(data)
        validate(request)
    except (DecodeError, InvalidArgument) as refused:
        raise AssertionError(f"the long way refuses it: {refused}") from refused
    assert list(request.seeds.positive_ids) == [asked.spelt]
    assert (request.page_size or DEFAULT_PAGE_SIZE) == asked.size
    assert request.page_token == asked.token
    assert (request.view == paper_pb2.PAPER_VIEW_ID) == asked.only_ids
    for name in ("page_size", "page_token", "view"):
        request.ClearField(name)
    assert RecommendPapersRequest.FromString(asked.key) == request, "what else is asked differs"
    request.seeds.ClearField("positive_ids")
    assert not any(len(field.SerializeToString()) for field in (request.seeds, request.filter)), "more is asked"
