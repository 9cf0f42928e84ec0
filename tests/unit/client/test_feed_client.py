"""The client of the feed service against a real server that answers as scripted."""

from datetime import UTC, datetime

import pytest

import cocite
from cocite.client import ActedOn, CoCitation, Event, EventResult, NewArrival, Popularity, Reader, TrendingNow
from cocite.client.answers import enum_name
from cocite.core import errors
from cocite.v1 import feed_service_pb2 as pb
from cocite.v1.feed_service_pb2_grpc import FeedServiceServicer, add_FeedServiceServicer_to_server
from support.scripted_recommender import running_recommender

SESSION = "kJ3vQm7yXr2LdP9wBt5NcA"
METHODS = pb.DESCRIPTOR.services_by_name["FeedService"].methods


class Scripted(FeedServiceServicer):
    """Answers each method with the message set for it; keeps the requests and what was left of their time."""

    def __init__(self):
        self.answers, self.requests, self.time_left = {}, [], []


def _method(descriptor):
    def answer(self, request, context):
        self.requests.append(request)
        self.time_left.append(context.time_remaining())
        return self.answers.get(descriptor.name) or getattr(pb, descriptor.output_type.name)()

    return answer


for method in METHODS:
    setattr(Scripted, method.name, _method(method))


@pytest.fixture
def feeds():
    with running_recommender(Scripted(), add_FeedServiceServicer_to_server) as running:
        yield running


@pytest.fixture
def client(feeds):
    with cocite.FeedClient(feeds.target) as client:
        yield client


def test_every_method_of_the_service_can_be_called(feeds, client):
    client.record(Event("ann", "save", "pmid:1"))
    client.feed("ann")
    client.trending()
    client.new()
    client.subscribe("ann@example.org")
    client.confirm_subscription("t" * 22)
    client.unsubscribe("t" * 22)
    client.reader("ann")
    client.rotate_feed_token("ann")
    client.delete_reader("ann")
    assert {type(request).__name__ for request in feeds.servicer.requests} == {m.input_type.name for m in METHODS}


def test_events_are_sent_as_they_are_and_told_what_became_of_them(feeds, client):
    feeds.servicer.answers["RecordEvents"] = pb.RecordEventsResponse(
        results=[
            pb.EventResult(event_id="e1", status="EVENT_STATUS_RECORDED"),
            pb.EventResult(event_id="e2", status="EVENT_STATUS_IN_FUTURE"),
        ]
    )
    at = datetime(2026, 11, 23, 12, tzinfo=UTC)
    answer = client.record(
        [
            Event(Reader(session_id=SESSION), "save", "pmid:1", True, "token", 3, at, "e1"),
            Event("ann", "click", "doi:10.1/2", event_id="e2"),
        ]
    )
    assert answer == (EventResult("e1", "recorded"), EventResult("e2", "in_future"))
    assert [each.kept for each in answer] == [True, False]
    first, second = feeds.servicer.requests[0].events
    assert first.reader.session_id == SESSION
    assert (first.kind, first.undo, first.attribution_token, first.position) == (pb.EVENT_KIND_SAVE, True, "token", 3)
    assert first.occurred_at.ToDatetime(UTC) == at
    assert second.reader.reader_id == "ann"
    assert not second.HasField("occurred_at")


def test_an_event_that_is_sent_again_has_its_id_again_and_another_has_another(feeds, client):
    event = Event("ann", "save", "pmid:1")
    client.record(event)
    client.record([event, Event("ann", "save", "pmid:1")])
    first, again, other = [sent.event_id for request in feeds.servicer.requests for sent in request.events]
    assert first == again != other


def test_kept_is_what_the_proto_calls_kept():
    kept = {"recorded", "duplicate", "recorded_ahead"}
    names = {enum_name(pb.EventStatus, n, "EVENT_STATUS_") for n in pb.EventStatus.values() if n}
    assert {name for name in names if EventResult("e", name).kept} == kept
    assert len(names) == 8


def test_a_feed_with_its_reasons(feeds, client):
    answer = pb.ListFeedResponse(next_page_token="t2", model_version="m1", personal=True)
    item = answer.items.add(rank=1, attribution_token="a1")
    item.paper.paper_id = "pmid:1"
    item.reasons.add().acted_on.CopyFrom(pb.ActedOn(kind="EVENT_KIND_SAVE", paper_id="pmid:2", title="Two"))
    item.reasons.add().new_arrival.date = "2026-11-23"
    item.reasons.add().trending_now.readers = 4
    item.reasons.add().popularity.citation_count = 5
    item.reasons.add()  # of a kind that is not known yet
    item.evidence.add(seed="pmid:2").co_citation.count = 9
    answer.degraded.add(cause="DEGRADED_CAUSE_RECOMMENDER_UNAVAILABLE", detail="away")
    feeds.servicer.answers["ListFeed"] = answer
    feed = client.feed(Reader(feed_token="f" * 22), page_size=1, page_token="t1", view="full")
    assert feed[0].reasons == (
        ActedOn("save", "pmid:2", "Two"),
        NewArrival("2026-11-23"),
        TrendingNow(4),
        Popularity(5),
    )
    assert feed[0].evidence == (CoCitation("pmid:2", 9, ()),)
    assert (len(feed), feed.personal, feed.model_version, feed.next_page_token) == (1, True, "m1", "t2")
    assert [each.cause for each in feed.degraded] == ["recommender_unavailable"]
    request = feeds.servicer.requests[0]
    assert (request.reader.feed_token, request.page_size, request.page_token) == ("f" * 22, 1, "t1")


def test_trending_and_new_papers(feeds, client):
    trending = pb.ListTrendingResponse(fields=["Physics"])
    trending.items.add(rank=1, score=2.5, upvotes=3, saves=4).paper.title = "Hot"
    new = pb.ListNewResponse(date="2026-11-23", previous_date="2026-11-20", total=7)
    new.items.add(rank=1, upvotes=2).similar.add(paper_id="pmid:9")
    feeds.servicer.answers |= {"ListTrending": trending, "ListNew": new}
    found = client.trending("day", field="Physics")
    assert (found[0].paper.title, found[0].score, found[0].upvotes, found[0].saves) == ("Hot", 2.5, 3, 4)
    assert found.fields == ("Physics",)
    day = client.new("2026-11-23", similar=1)
    assert (day.date, day.previous_date, day.next_date, day.total) == ("2026-11-23", "2026-11-20", "", 7)
    assert [paper.paper_id for paper in day[0].similar] == ["pmid:9"]
    assert feeds.servicer.requests[0].window == pb.TRENDING_WINDOW_DAY


def test_what_is_held_of_a_reader(feeds, client):
    held = pb.GetReaderResponse(event_count=3, feed_token="f" * 22)
    paper = held.papers.add(kinds=["EVENT_KIND_SAVE", "EVENT_KIND_UPVOTE"])
    paper.last_at.FromMilliseconds(1000)
    held.subscriptions.add(masked_email="a***@example.org", period="DIGEST_PERIOD_WEEKLY", confirmed=True)
    feeds.servicer.answers |= {
        "GetReader": held,
        "DeleteReader": pb.DeleteReaderResponse(deleted_events=3),
        "RotateFeedToken": pb.RotateFeedTokenResponse(feed_token="g" * 22),
        "ConfirmSubscription": pb.ConfirmSubscriptionResponse(period="DIGEST_PERIOD_DAILY"),
    }
    reader = client.reader("ann")
    assert reader.papers[0].kinds == ("save", "upvote")
    assert reader.papers[0].last_at == datetime(1970, 1, 1, 0, 0, 1, tzinfo=UTC)
    assert (reader.event_count, reader.first_event_at, reader.feed_token) == (3, None, "f" * 22)
    assert [(each.period, each.confirmed) for each in reader.subscriptions] == [("weekly", True)]
    assert client.rotate_feed_token("ann") == "g" * 22
    assert client.confirm_subscription("t" * 22) == "daily"
    assert client.delete_reader("ann") == 3


def test_secrets_are_not_printed():
    shown = repr(Event(Reader(session_id=SESSION), "save", "pmid:1")) + repr(Reader(feed_token="f" * 22))
    assert SESSION not in shown
    assert "f" * 22 not in shown
    assert "ann" in repr(Reader("ann"))


@pytest.mark.parametrize(
    ("call", "field"),
    [
        (lambda c: c.record([]), "events"),
        (lambda c: c.record([Event("ann", "save", "pmid:1")] * 1001), "events"),
        (lambda c: c.record(5), "events"),
        (lambda c: c.record([Event("ann", "save", "pmid:1"), "x"]), "events[1]"),
        (lambda c: c.record(Event("ann", "like", "pmid:1")), "events[0].kind"),
        (lambda c: c.record(Event("ann", "save", "")), "events[0].paper_id"),
        (lambda c: c.record(Event("ann", "save", "pmid:1", undo=1)), "events[0].undo"),
        (lambda c: c.record(Event("ann", "save", "pmid:1", position=1.5)), "events[0].position"),
        (lambda c: c.record(Event("ann", "save", "pmid:1", occurred_at=datetime(2026, 1, 1))), "events[0].occurred_at"),
        (lambda c: c.record(Event("ann", "save", "pmid:1", event_id="a b")), "events[0].event_id"),
        (lambda c: c.record(Event(Reader(), "save", "pmid:1")), "events[0].reader"),
        (lambda c: c.feed(Reader("ann", SESSION)), "reader"),
        (lambda c: c.feed(None), "reader"),
        (lambda c: c.feed(Reader(session_id="short")), "reader.session_id"),
        (lambda c: c.feed("ann", page_size=101), "page_size"),
        (lambda c: c.trending("year"), "window"),
        (lambda c: c.new("tomorrow"), "date"),
        (lambda c: c.subscribe("nobody"), "email"),
        (lambda c: c.subscribe("ann@example.org", "hourly"), "period"),
        (lambda c: c.unsubscribe("short"), "token"),
        (lambda c: c.delete_reader(""), "reader"),
    ],
)
def test_what_is_wrong_is_refused_before_anything_is_sent(feeds, client, call, field):
    with pytest.raises(errors.InvalidArgument) as caught:
        call(client)
    assert caught.value.field == field
    assert feeds.servicer.requests == []


def test_each_call_has_a_deadline(feeds, client):
    client.trending()
    client.trending(timeout_s=1.5)
    whole, shorter = feeds.servicer.time_left
    assert 2 < whole < 6
    assert 0 < shorter < 2


def test_errors_are_those_of_the_server_or_say_where_to_look(feeds, client):
    client.close()
    with pytest.raises(errors.NotReady):
        client.trending()
    feeds.server.stop(lame_duck_s=0)
    with cocite.FeedClient(feeds.target) as alone, pytest.raises(errors.Unavailable) as caught:
        alone.trending(timeout_s=3)
    assert "COCITE_FEEDS_TARGET" in str(caught.value)
