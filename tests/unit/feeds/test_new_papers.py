"""ListNew by the real service: the papers of a day, most upvoted first, with papers like them."""

from collections.abc import Callable
from datetime import timedelta

import grpc
import pytest

from cocite.catalogue.records import Fields, PaperRecord
from cocite.v1 import degradation_pb2, paper_pb2
from cocite.v1 import feed_service_pb2 as pb
from cocite.v1.feed_service_pb2_grpc import FeedServiceStub
from support.feed_site import NEW, OLD, TODAY, WAIT_S, FeedSite, feed_site, number_of, numbers, paper, reader
from support.stack import eventually

UPVOTE = pb.EVENT_KIND_UPVOTE
LAST = TODAY.isoformat()
EARLIER = (TODAY - timedelta(days=3)).isoformat()
OF_EARLIER = {101: "Physics", 102: "Biology", 103: "Physics"}


@pytest.fixture
def at(site: FeedSite) -> FeedServiceStub:
    described = [
        PaperRecord((paper(number),), Fields(f"Paper {number}", fields=(field,), published_on=TODAY - timedelta(3)))
        for number, field in OF_EARLIER.items()
    ]
    site.catalogue.write(described)
    return site.replica()


def new(at: FeedServiceStub, **request: object) -> pb.ListNewResponse:
    answer: pb.ListNewResponse = at.ListNew(pb.ListNewRequest(**request), timeout=WAIT_S)  # type: ignore[arg-type]
    return answer


def test_the_last_day_and_the_way_to_the_days_beside_it(at: FeedServiceStub) -> None:
    answer = new(at)
    assert (answer.date, answer.previous_date, answer.next_date, answer.total) == (LAST, EARLIER, "", NEW)
    assert numbers(answer) == list(range(OLD + 1, OLD + NEW + 1))
    assert [item.rank for item in answer.items] == list(range(1, NEW + 1))
    earlier = new(at, date=EARLIER)
    assert (earlier.previous_date, earlier.next_date, earlier.total) == ("", LAST, len(OF_EARLIER))
    assert numbers(earlier) == sorted(OF_EARLIER)
    assert len({item.attribution_token for item in (*answer.items, *earlier.items)}) == NEW + len(OF_EARLIER)


def test_a_day_without_papers_leads_to_those_that_have_some(at: FeedServiceStub) -> None:
    between = (TODAY - timedelta(days=1)).isoformat()
    answer = new(at, date=between)
    assert (numbers(answer), answer.date, answer.previous_date, answer.next_date) == ([], between, EARLIER, LAST)


def test_a_field_is_compared_whole_and_in_any_case(at: FeedServiceStub) -> None:
    assert numbers(new(at, date=EARLIER, field="PHYSICS")) == [101, 103]
    assert new(at, date=EARLIER, field="physics").total == 2
    assert numbers(new(at, date=EARLIER, field="Phys")) == []


def test_the_most_upvoted_come_first(site: FeedSite, at: FeedServiceStub) -> None:
    for name in ("ann", "bob"):
        site.act(at, reader(name), UPVOTE, 102)
    site.act(at, reader("ann"), UPVOTE, 103)
    site.act(at, reader("ann"), pb.EVENT_KIND_SAVE, 101)
    answer = new(at, date=EARLIER)
    assert [(number_of(item.paper.paper_id), item.upvotes) for item in answer.items] == [(102, 2), (103, 1), (101, 0)]
    site.act(at, reader("ann"), UPVOTE, 102, undo=True)
    site.act(at, reader("ann"), UPVOTE, 101)
    assert [item.upvotes for item in new(at, date=EARLIER, page_size=99).items] == [1, 1, 1]


def test_each_paper_comes_with_papers_like_it(site: FeedSite, at: FeedServiceStub) -> None:
    answer = new(at, similar=2, page_size=3)
    for item in answer.items:
        number = number_of(item.paper.paper_id)
        assert [number_of(each.paper_id) for each in item.similar] == [number - 1, number + 1]
    assert site.rankings(lambda: new(at, similar=1, page_size=3)) == 0, "kept, whatever the request looks like"
    assert not any(item.similar for item in new(at).items)


def test_papers_come_as_the_view_asks(at: FeedServiceStub) -> None:
    assert new(at).items[0].paper.title == f"Paper {OLD + 1}"
    assert not new(at, view=paper_pb2.PAPER_VIEW_ID).items[0].paper.title


def test_pages_are_the_day_piece_by_piece(at: FeedServiceStub) -> None:
    found, token = [], ""
    for _ in range(3):
        answer = new(at, page_size=3, page_token=token)
        found += [(item.rank, number_of(item.paper.paper_id)) for item in answer.items]
        token = answer.next_page_token
    assert found == [(rank, OLD + rank) for rank in range(1, NEW + 1)]
    assert not token


def test_pages_stay_on_their_day_when_another_begins(site: FeedSite, at: FeedServiceStub) -> None:
    token = new(at, date=EARLIER, page_size=1).next_page_token
    assert numbers(new(at, page_token=token)) == [102, 103]


@pytest.mark.parametrize(
    "wrong",
    [
        lambda token: {"page_token": token, "date": LAST},
        lambda token: {"page_token": token, "field": "Physics"},
        lambda token: {"page_token": token[:-2]},
        lambda _: {"date": "2026-02-30"},
        lambda _: {"date": "yesterday"},
    ],
)
def test_a_token_of_another_list_and_a_day_that_is_none_are_refused(
    at: FeedServiceStub, wrong: Callable[[str], dict[str, str]]
) -> None:
    token = new(at, date=EARLIER, page_size=1).next_page_token
    assert new(at, date=EARLIER, page_token=token).items, "where it belongs"
    with pytest.raises(grpc.RpcError) as error:
        new(at, **wrong(token))
    assert error.value.code() is grpc.StatusCode.INVALID_ARGUMENT


def test_without_the_recommender_the_day_is_listed_and_it_is_said(site: FeedSite, at: FeedServiceStub) -> None:
    site.taste.away = True
    answer = new(at, similar=2)
    assert [each.cause for each in answer.degraded] == [degradation_pb2.DEGRADED_CAUSE_RECOMMENDER_UNAVAILABLE]
    assert len(answer.items) == NEW
    site.taste.away = False
    assert eventually(lambda: not new(at, similar=2).degraded)


def test_without_redis_nothing_is_missing(site: FeedSite, at: FeedServiceStub) -> None:
    site.valkey.kill()
    answer = new(at, similar=2, page_size=3)
    assert not answer.degraded
    assert all(len(item.similar) == 2 for item in answer.items)


def test_nothing_is_new_where_there_is_nothing(tmp_path) -> None:
    with feed_site(tmp_path, papers=False) as empty:
        assert new(empty.replica()) == pb.ListNewResponse()
