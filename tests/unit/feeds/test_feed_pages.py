"""Pages of a feed, and the token that opens it to a feed reader."""

import grpc
import pytest

from cocite.v1 import feed_service_pb2 as pb
from support.feed_site import WAIT_S, FeedSite, feed, numbers, reader, statuses, token_of
from support.stack import eventually

DISMISS, SAVE = pb.EVENT_KIND_DISMISS, pb.EVENT_KIND_SAVE
INVALID, UNAUTHENTICATED = grpc.StatusCode.INVALID_ARGUMENT, grpc.StatusCode.UNAUTHENTICATED
ANN, BOB = reader("ann"), reader("bob")


def refusal(call) -> grpc.StatusCode | None:
    """The status of a call, None when it is answered."""
    try:
        call()
    except grpc.RpcError as error:
        return error.code()
    return None


def rest(at, who: pb.ReaderRef, first: pb.ListFeedResponse, size: int) -> list[pb.FeedItem]:
    """All items, page by page after a first one."""
    items, token = [*first.items], first.next_page_token
    while token:
        page = feed(at, who, token, size)
        items += page.items
        token = page.next_page_token
    return items


def test_pages_are_the_list_piece_by_piece(site: FeedSite) -> None:
    a, b = site.replica(), site.replica()
    site.act(a, ANN, SAVE, 10, 30)
    whole = feed(a, ANN)
    paged = rest(b, ANN, feed(a, ANN, size=7), 7)
    assert [item.paper.paper_id for item in paged] == [item.paper.paper_id for item in whole.items]
    assert [item.rank for item in paged] == list(range(1, len(paged) + 1))
    assert [item.attribution_token for item in paged] == [item.attribution_token for item in whole.items]


@pytest.mark.parametrize("lost", [False, True])
def test_pages_stay_with_the_first_one_whatever_happens_meanwhile(site: FeedSite, lost: bool) -> None:
    at = site.replica()
    site.act(at, ANN, SAVE, 10, 30)
    whole, first = numbers(feed(at, ANN)), feed(at, ANN, size=7)
    assert numbers(first) == whole[:7]
    site.act(at, ANN, DISMISS, whole[0], whole[20])
    site.act(at, ANN, SAVE, 55)
    assert numbers(feed(at, ANN)) != whole
    if lost:
        site.valkey.raw.flushall()
    found = []
    again = site.rankings(lambda: found.extend(rest(at, ANN, first, 7)))
    assert [int(item.paper.paper_id.removeprefix("local:p")) for item in found] == whole
    assert bool(again) == lost, "made anew where it was lost, and only there"


def test_pages_go_on_while_redis_is_dead(site: FeedSite) -> None:
    at = site.replica()
    site.act(at, ANN, SAVE, 10, 30)
    whole, first = feed(at, ANN), feed(at, ANN, size=7)
    site.valkey.kill()
    assert [item.paper.paper_id for item in rest(at, ANN, first, 7)] == [item.paper.paper_id for item in whole.items]


def test_a_token_of_another_reader_or_of_nobody_is_refused(site: FeedSite) -> None:
    at = site.replica()
    for who in (BOB, ANN):
        site.act(at, who, SAVE, 10)
    assert numbers(feed(at, BOB)) == numbers(feed(at, ANN)), "the same list, and kept: only its owner is another"
    token = feed(at, ANN, size=7).next_page_token
    assert refusal(lambda: feed(at, ANN, token)) is None
    assert refusal(lambda: feed(at, BOB, token)) is INVALID
    assert refusal(lambda: feed(at, pb.ReaderRef(session_id="a" * 22), token)) is INVALID
    meddled = token[:-1] + ("A" if token[-1] != "A" else "B")
    assert refusal(lambda: feed(at, ANN, meddled)) is INVALID
    assert refusal(lambda: feed(at, ANN, token_of(at, ANN))) is INVALID, "a token made here for something else"


@pytest.mark.parametrize("lost", [False, True])
def test_a_token_of_another_model_is_refused(site: FeedSite, lost: bool) -> None:
    at = site.replica()
    site.act(at, ANN, SAVE, 10)
    token = feed(at, ANN, size=7).next_page_token
    assert refusal(lambda: feed(at, ANN, token)) is None
    site.taste.model = "m2"
    if lost:
        site.valkey.raw.flushall()
    assert eventually(lambda: refusal(lambda: feed(at, ANN, token)) is INVALID)
    assert feed(at, ANN).model_version == "m2"
    assert eventually(lambda: refusal(lambda: feed(at, ANN, feed(at, ANN, size=7).next_page_token)) is None)


def test_a_lost_list_is_not_made_anew_without_the_recommender(site: FeedSite) -> None:
    at = site.replica()
    site.act(at, ANN, SAVE, 10)
    token = feed(at, ANN, size=7).next_page_token
    site.valkey.raw.flushall()
    site.taste.away = True
    assert refusal(lambda: feed(at, ANN, token, 8)) is grpc.StatusCode.UNAVAILABLE


def test_a_feed_token_opens_the_feed_and_nothing_else(site: FeedSite) -> None:
    at = site.replica()
    site.act(at, ANN, SAVE, 10)
    by_token = pb.ReaderRef(feed_token=token_of(at, ANN))
    assert numbers(feed(at, by_token)) == numbers(feed(at, ANN))
    assert len(rest(at, by_token, feed(at, by_token, size=7), 7)) == len(feed(at, ANN).items)
    assert statuses(at, site.event(by_token, SAVE, 11)) == [pb.EVENT_STATUS_NOT_ALLOWED]
    assert 11 in numbers(feed(at, ANN))
    for call, request in (
        (at.GetReader, pb.GetReaderRequest(reader=by_token)),
        (at.RotateFeedToken, pb.RotateFeedTokenRequest(reader=by_token)),
        (at.DeleteReader, pb.DeleteReaderRequest(reader=by_token)),
    ):
        assert refusal(lambda call=call, request=request: call(request, timeout=WAIT_S)) is INVALID
    assert feed(at, ANN).personal


@pytest.mark.parametrize("redis", [True, False])
def test_a_feed_token_is_void_once_another_was_made(site: FeedSite, redis: bool) -> None:
    a, b = site.replica(), site.replica()
    site.act(a, ANN, SAVE, 10)
    old = pb.ReaderRef(feed_token=token_of(a, ANN))
    if not redis:
        site.valkey.kill()
    for at in (a, b):
        assert feed(at, old).personal
        assert feed(at, old).personal, "from what is kept, if it is"
    rotated = a.RotateFeedToken(pb.RotateFeedTokenRequest(reader=ANN), timeout=WAIT_S).feed_token
    for at in (a, b):
        assert refusal(lambda at=at: feed(at, old)) is UNAUTHENTICATED
        assert feed(at, pb.ReaderRef(feed_token=rotated)).personal
    assert token_of(b, ANN) == rotated


def test_an_invented_feed_token_opens_nothing(site: FeedSite) -> None:
    at = site.replica()
    site.act(at, ANN, SAVE, 10)
    assert refusal(lambda: feed(at, pb.ReaderRef(feed_token="A" * 40))) is UNAUTHENTICATED
