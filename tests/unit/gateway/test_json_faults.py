"""What is said of JSON and queries that stand for no request: the field at fault, what it must be, the nearest name."""

import pytest

from cocite.core.errors import InvalidArgument
from cocite.gateway.json_codec import encoded_value
from cocite.gateway.transcoding import value_of_query
from cocite.v1 import embedding_service_pb2, feed_service_pb2
from cocite.v1 import recommender_service_pb2 as pb
from support.gateway import running_gateway

RECOMMEND, EMBED = pb.RecommendPapersRequest, embedding_service_pb2.EmbedTextsRequest
RECORD, LIST_FEED = feed_service_pb2.RecordEventsRequest, feed_service_pb2.ListFeedRequest
VIEWS = "PAPER_VIEW_ID, PAPER_VIEW_BASIC, PAPER_VIEW_FULL"


def refused(value, kind) -> InvalidArgument:
    with pytest.raises(InvalidArgument) as error:
        encoded_value(value, kind)
    return error.value


@pytest.mark.parametrize(
    ("value", "kind", "field", "said"),
    [
        ({"seeds": {"texts": ["foo"]}}, RECOMMEND, "seeds.texts[0]", "must be an object with title, abstract"),
        ({"seeds": {"texts": [{}, {"title": 1}]}}, RECOMMEND, "seeds.texts[1].title", "must be a text"),
        ({"seeds": {"positiveIds": "x"}}, RECOMMEND, "seeds.positiveIds", "must be a list, each of it a text"),
        ({"seeds": {"positive_ids": ["x", None]}}, RECOMMEND, "seeds.positive_ids[1]", "must be a text"),
        ({"seeds": 1}, RECOMMEND, "seeds", "must be an object with positiveIds, "),
        ({"view": "full"}, RECOMMEND, "view", f"must be one of {VIEWS}"),
        ({"pageSize": 2**40}, RECOMMEND, "pageSize", "must be a whole number"),
        ({"pageSize": 1.5}, RECOMMEND, "pageSize", "must be a whole number"),
        ({"recency": "much"}, RECOMMEND, "recency", "must be a number"),
        ({"filter": {"hasAbstract": "yes"}}, RECOMMEND, "filter.hasAbstract", "must be true or false"),
        ({"texts": [{"title": "x"}]}, EMBED, "texts[0]", "must be a text"),
        ({"events": [{"occurredAt": "now"}]}, RECORD, "events[0].occurredAt", "must be a time, "),
        ({"reader": {"sessionId": "x", "feedToken": "y"}}, LIST_FEED, "reader.feedToken", "beside sessionId"),
    ],
)
def test_the_field_at_fault_and_what_it_must_be(value, kind, field, said):
    error = refused(value, kind)
    assert error.field == field
    assert error.message.startswith(f"{field}: ")
    assert said in str(error)
    assert "parse" not in str(error)


@pytest.mark.parametrize(
    ("value", "field", "near"),
    [
        ({"pagesize": 3}, "pagesize", "pageSize"),
        ({"positiveIds": "x"}, "positiveIds", "seeds.positiveIds"),
        ({"seeds": {"postive_ids": []}}, "seeds.postive_ids", "seeds.positiveIds"),
        ({"minYear": 1990}, "minYear", "filter.minYear"),
    ],
)
def test_the_nearest_name_is_suggested(value, field, near):
    error = refused(value, RECOMMEND)
    assert error.field == field
    assert f"there is no such field; did you mean {near}?" in str(error)


def test_without_a_near_name_there_is_the_list_alone():
    error = refused({"xyz": 1}, EMBED)
    names = ", ".join(field.json_name for field in EMBED.DESCRIPTOR.fields)
    assert str(error) == f"xyz: there is no such field; there are: {names}"
    assert "there are: none" in str(refused({"x": 1}, pb.GetModelRequest))


def test_what_is_long_is_not_told_in_full():
    assert len(refused({"x" * 10_000: 1}, EMBED).message) < 200


def test_null_is_as_if_it_were_left_out():
    assert encoded_value({"seeds": None, "pageSize": None}, RECOMMEND) == b""
    assert refused({"seeds": None, "recency": []}, RECOMMEND).field == "recency"


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("ids", "ids: there is no such parameter; there are: queries"),
        ("positive_ids", "did you mean seeds.positiveIds? There are: seeds.positiveIds, "),
    ],
)
def test_a_parameter_that_is_none_is_told_those_there_are(query, said):
    kind = pb.ResolvePapersRequest if query == "ids" else RECOMMEND
    with pytest.raises(InvalidArgument) as error:
        value_of_query([(query, "x")], kind)
    assert said in str(error.value)
    assert "seeds.texts" not in str(error.value)  # which no query can tell


def test_every_way_to_ask_says_so_with_the_field(tmp_path):
    with running_gateway(tmp_path) as gateway:
        by_get = gateway.client.get("/v1/papers:recommend", params={"view": "full"})
        by_post = gateway.client.post("/v1/papers:recommend", json={"view": "full"})
        connect = gateway.client.post("/cocite.v1.RecommenderService/RecommendPapers", json={"view": "full"})
        in_the_address = gateway.client.post("/v1/papers:recommend?page_size=3", json={})
    for answer in (by_get, by_post):
        assert answer.status_code == 400
        assert answer.json()["error"]["message"] == f"view: must be one of {VIEWS}"
        (violation,) = [v for detail in answer.json()["error"]["details"] for v in detail.get("fieldViolations", ())]
        assert violation["field"] == "view"
    assert (connect.status_code, connect.json()["message"]) == (400, f"view: must be one of {VIEWS}")
    assert (in_the_address.status_code, in_the_address.json()["error"]["message"]) == (
        400,
        "page_size: is no part of the address here; name it in the body",
    )
