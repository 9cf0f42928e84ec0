"""GetReader and DeleteReader by two replicas of the real service: what is held of a reader, and its end."""

import base64

import grpc
import pytest

from cocite.catalogue.events import EventLog
from cocite.catalogue.readers import Readers
from cocite.catalogue.records import LibraryRecord
from cocite.catalogue.subscription_records import Choice, Period
from cocite.catalogue.subscriptions import Subscriptions
from cocite.feeds.reader_refs import require_name
from cocite.feeds.reader_tags import digest_of
from cocite.v1 import feed_service_pb2 as pb
from cocite.v1.feed_service_pb2_grpc import FeedServiceStub
from support.feed_site import WAIT_S, FeedSite, feed, number_of, paper, reader, token_of

CLICK, DISMISS, SAVE, UPVOTE, VIEW = (
    pb.EVENT_KIND_CLICK,
    pb.EVENT_KIND_DISMISS,
    pb.EVENT_KIND_SAVE,
    pb.EVENT_KIND_UPVOTE,
    pb.EVENT_KIND_VIEW,
)
ANN, BOB = reader("ann"), reader("bob")


def get(
    at: FeedServiceStub, who: pb.ReaderRef, size: int = 0, token: str = "", *, views: bool = False
) -> pb.GetReaderResponse:
    request = pb.GetReaderRequest(reader=who, page_size=size, page_token=token, views=views)
    answer: pb.GetReaderResponse = at.GetReader(request, timeout=WAIT_S)
    return answer


def delete(at: FeedServiceStub, who: pb.ReaderRef) -> int:
    deleted: int = at.DeleteReader(pb.DeleteReaderRequest(reader=who), timeout=WAIT_S).deleted_events
    return deleted


def test_all_that_is_held_is_told(site: FeedSite) -> None:
    at = site.replica()
    site.act(at, ANN, VIEW, 1, 2)
    site.act(at, ANN, SAVE, 2)
    site.act(at, ANN, DISMISS, 3)
    site.act(at, ANN, UPVOTE, 2)
    site.act(at, ANN, CLICK, 4)
    site.act(at, ANN, CLICK, 5)
    site.act(at, ANN, DISMISS, 3, undo=True)
    held = get(at, ANN)
    told = [(number_of(each.paper.paper_id), [*each.kinds], each.paper.title) for each in held.papers]
    assert told == [(5, [CLICK], "Paper 5"), (4, [CLICK], "Paper 4"), (2, [SAVE, UPVOTE], "Paper 2")]
    told = [(number_of(each.paper.paper_id), [*each.kinds]) for each in get(at, ANN, views=True).papers]
    assert told == [(5, [CLICK]), (4, [CLICK]), (2, [VIEW, SAVE, UPVOTE]), (1, [VIEW])]
    assert held.event_count == 8
    assert held.first_event_at.seconds > 0
    assert get(at, BOB) == pb.GetReaderResponse()


def test_what_came_otherwise_than_by_events_is_told_too(site: FeedSite) -> None:
    at = site.replica()
    site.catalogue.write([LibraryRecord("ann", paper(number)) for number in (1, 2, 999)])
    assert get(at, ANN) == pb.GetReaderResponse(library_entries=3)
    site.act(at, ANN, SAVE, 5)
    key = Readers(site.catalogue).create(require_name(ANN)).reader_key
    Subscriptions(site.catalogue).ask("ann@example.org", Choice(Period.WEEKLY, ("Physics",), key))
    held = get(at, ANN)
    assert held.library_entries == 3
    (asked,) = held.subscriptions
    assert (asked.masked_email, asked.period, asked.confirmed) == ("a***@example.org", pb.DIGEST_PERIOD_WEEKLY, False)
    assert get(at, pb.ReaderRef(session_id="a" * 30)) == pb.GetReaderResponse()
    delete(at, ANN)
    assert get(at, ANN) == pb.GetReaderResponse()


def test_tokens_of_pages_do_not_tell_of_whom_they_are(site: FeedSite) -> None:
    at = site.replica()
    site.act(at, ANN, SAVE, *range(1, 8))
    by_token = pb.ReaderRef(feed_token=token_of(at, ANN))
    for token in (get(at, ANN, 3).next_page_token, feed(at, by_token, size=3).next_page_token):
        said = base64.urlsafe_b64decode(token + "=" * (-len(token) % 4))
        assert token
        assert digest_of(require_name(ANN)).encode() not in said, "anybody can make it from a name that they guess"


def test_pages_go_through_all_papers_once(site: FeedSite) -> None:
    at = site.replica()
    site.act(at, ANN, SAVE, *range(1, 8))
    found, token, pages = [], "", 0
    while pages == 0 or token:
        page = get(at, ANN, 3, token)
        found += [number_of(each.paper.paper_id) for each in page.papers]
        token, pages = page.next_page_token, pages + 1
    assert found == list(range(7, 0, -1))
    assert pages == 3
    token = get(at, ANN, 3).next_page_token
    with pytest.raises(grpc.RpcError) as error:
        get(at, BOB, 3, token)
    assert error.value.code() is grpc.StatusCode.INVALID_ARGUMENT


def test_what_a_browser_calls_itself_is_not_kept(site: FeedSite) -> None:
    at = site.replica()
    name = "correct-horse-battery-staple"
    site.act(at, pb.ReaderRef(session_id=name), SAVE, 1)
    with site.catalogue.reading() as connection:
        dump = "\n".join(connection.connection.driver_connection.iterdump())  # type: ignore[union-attr]
    assert "Paper 1" in dump
    assert name not in dump


@pytest.mark.parametrize("redis", [True, False])
def test_a_deleted_reader_is_gone_everywhere(site: FeedSite, redis: bool) -> None:
    a, b = site.replica(), site.replica()
    site.act(a, ANN, SAVE, 5, 6)
    site.act(a, BOB, SAVE, 5)
    by_token = pb.ReaderRef(feed_token=token_of(a, ANN))
    if not redis:
        site.valkey.kill()
    for at in (a, b):
        assert feed(at, ANN).personal
        assert feed(at, by_token).personal
    assert delete(a, ANN) == 2
    for at in (a, b):
        assert not feed(at, ANN).personal
        assert 5 in [number_of(item.paper.paper_id) for item in feed(at, ANN).items]
        assert get(at, ANN) == pb.GetReaderResponse()
        with pytest.raises(grpc.RpcError) as error:
            feed(at, by_token)
        assert error.value.code() is grpc.StatusCode.UNAUTHENTICATED
        assert feed(at, BOB).personal
    with EventLog(site.catalogue) as log:
        assert len(log.since(0, 100)) == 1
    assert delete(b, ANN) == 0, "again: nothing is left"


def test_the_lists_of_a_deleted_reader_leave_redis_at_once(site: FeedSite) -> None:
    at = site.replica()
    site.act(at, ANN, SAVE, 5)
    feed(at, ANN)

    def kept() -> list[bytes]:
        return [*site.valkey.raw.scan_iter(f"*:feed:{digest_of(require_name(ANN))}*")]

    assert len(kept()) == 2, "a list and which it is"
    delete(at, ANN)
    assert not kept()


def test_who_comes_again_after_being_deleted_is_somebody_new(site: FeedSite) -> None:
    at = site.replica()
    site.act(at, ANN, SAVE, 5)
    old = token_of(at, ANN)
    delete(at, ANN)
    site.act(at, ANN, SAVE, 40)
    assert [number_of(each.paper.paper_id) for each in get(at, ANN).papers] == [40]
    assert 5 in [number_of(item.paper.paper_id) for item in feed(at, ANN).items]
    assert token_of(at, ANN) != old
    with pytest.raises(grpc.RpcError):
        feed(at, pb.ReaderRef(feed_token=old))


def test_a_feed_address_cannot_be_renewed_of_nobody(site: FeedSite) -> None:
    at = site.replica()
    with pytest.raises(grpc.RpcError) as error:
        at.RotateFeedToken(pb.RotateFeedTokenRequest(reader=ANN), timeout=WAIT_S)
    assert error.value.code() is grpc.StatusCode.NOT_FOUND
    assert get(at, ANN) == pb.GetReaderResponse()
