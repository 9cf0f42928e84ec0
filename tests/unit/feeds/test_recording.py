"""What becomes of events that are sent to the real service."""

import time

import grpc
import pytest
from google.protobuf.timestamp_pb2 import Timestamp

from cocite.catalogue import event_batch
from cocite.catalogue.events import EventLog
from cocite.v1 import feed_service_pb2 as pb
from support.feed_site import WAIT_S, FeedSite, paper, reader, statuses

RECORDED, DUPLICATE, AHEAD = (
    pb.EVENT_STATUS_RECORDED,
    pb.EVENT_STATUS_DUPLICATE,
    pb.EVENT_STATUS_RECORDED_AHEAD,
)
CLICK, SAVE = pb.EVENT_KIND_CLICK, pb.EVENT_KIND_SAVE
ANN = reader("ann")


def event(event_id: str, paper_id: str = paper(1), who: pb.ReaderRef = ANN, **more) -> pb.Event:
    return pb.Event(event_id=event_id, reader=who, kind=SAVE, paper_id=paper_id, **more)


def in_seconds(seconds: float) -> Timestamp:
    return Timestamp(seconds=int(time.time() + seconds))


def held(site: FeedSite) -> int:
    """Events that the catalogue holds."""
    with EventLog(site.catalogue) as log:
        return len(log.since(0, 1000))


def test_each_event_is_told_what_became_of_it_and_the_sound_ones_are_kept(site: FeedSite) -> None:
    at = site.replica()
    hour = 3600.0
    told = {
        "sound": (event("sound"), RECORDED),
        "again": (event("sound"), DUPLICATE),
        "other": (event("sound", paper(2)), pb.EVENT_STATUS_CONFLICT),
        "of another": (event("sound", who=reader("bob")), RECORDED),
        "no id": (event("no-id", "not a paper at all"), pb.EVENT_STATUS_MALFORMED_ID),
        "unknown": (event("unknown", "doi:10.1000/nowhere"), AHEAD),
        "future": (event("future", occurred_at=in_seconds(hour)), pb.EVENT_STATUS_IN_FUTURE),
        "far future": (event("far", occurred_at=Timestamp(seconds=253402300799)), pb.EVENT_STATUS_IN_FUTURE),
        "clock ahead": (event("ahead", occurred_at=in_seconds(60)), RECORDED),
        "past": (event("past", occurred_at=in_seconds(-1000 * hour)), RECORDED),
        "before 1970": (event("old", occurred_at=Timestamp(seconds=-62135596800)), RECORDED),
        "by token": (event("by-token", who=pb.ReaderRef(feed_token="A" * 40)), pb.EVENT_STATUS_NOT_ALLOWED),
        "last": (event("last", "https://doi.org/10.1000/NOWHERE"), AHEAD),
    }
    request = pb.RecordEventsRequest(events=[each for each, _ in told.values()])
    results = at.RecordEvents(request, timeout=WAIT_S).results
    assert dict(zip(told, (each.status for each in results), strict=True)) == {
        name: status for name, (_, status) in told.items()
    }
    assert [each.event_id for each in results] == [each.event_id for each in request.events]
    assert held(site) == sum(status in (RECORDED, AHEAD) for _, status in told.values())


def test_a_request_sent_again_is_kept_once_by_every_replica(site: FeedSite) -> None:
    a, b = site.replica(), site.replica()
    events = [event(f"e{n}", paper(n)) for n in range(1, 6)] + [event("ahead", "doi:10.1000/nowhere")]
    assert statuses(a, *events) == [RECORDED] * 5 + [AHEAD]
    for at in (a, b):
        assert statuses(at, *events) == [DUPLICATE] * 6
    assert held(site) == 6


def test_a_replay_on_another_paper_or_kind_is_no_duplicate(site: FeedSite) -> None:
    at = site.replica()
    assert statuses(at, event("e1")) == [RECORDED]
    other_kind = event("e1")
    other_kind.kind = CLICK
    assert statuses(at, other_kind, event("e1", undo=True)) == [pb.EVENT_STATUS_CONFLICT] * 2
    assert held(site) == 1


def test_a_reader_who_floods_is_refused_and_others_are_not(site: FeedSite, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(event_batch, "EVENTS_A_DAY", 3)
    at = site.replica()
    flood = [event(f"e{n}", paper(n)) for n in range(1, 6)]
    assert statuses(at, *flood) == [RECORDED] * 3 + [pb.EVENT_STATUS_FLOODED] * 2
    assert statuses(at, event("other", who=reader("bob")), flood[0]) == [RECORDED, DUPLICATE]


@pytest.mark.parametrize(
    "broken",
    [
        event(""),
        event("e 1"),
        event("e1", ""),
        event("e1", who=pb.ReaderRef()),
        event("e1", who=reader("")),
        event("e1", who=reader("a\nb")),
        event("e1", who=pb.ReaderRef(session_id="short")),
        event("e1", attribution_token="a b"),
        event("e1", position=-1),
        pb.Event(event_id="e1", reader=ANN, paper_id=paper(1)),
        pb.Event(event_id="e1", reader=ANN, kind=CLICK, paper_id=paper(1), undo=True),
    ],
)
def test_a_request_that_breaks_a_rule_is_refused_whole(site: FeedSite, broken: pb.Event) -> None:
    at = site.replica()
    with pytest.raises(grpc.RpcError) as error:
        statuses(at, event("sound"), broken)
    assert error.value.code() is grpc.StatusCode.INVALID_ARGUMENT
    assert "events[1]" in error.value.details()
    assert held(site) == 0
    assert statuses(at, event("sound")) == [RECORDED]


def test_markup_in_a_name_is_a_name(site: FeedSite) -> None:
    at = site.replica()
    nasty = reader("<script>alert('x')</script> '; DROP TABLE events; --")
    assert statuses(at, event("e1", who=nasty)) == [RECORDED]
    assert at.GetReader(pb.GetReaderRequest(reader=nasty), timeout=WAIT_S).event_count == 1


@pytest.mark.parametrize(
    ("seconds", "nanos", "status"),
    [
        (-(2**63), 0, pb.EVENT_STATUS_RECORDED),
        (-62135596801, 0, pb.EVENT_STATUS_RECORDED),
        (253402300800, 0, pb.EVENT_STATUS_IN_FUTURE),
        (2**63 - 1, 2**31 - 1, pb.EVENT_STATUS_IN_FUTURE),
        (1, -(2**31), pb.EVENT_STATUS_RECORDED),
    ],
)
def test_a_time_that_no_calendar_has_is_past_or_future(site: FeedSite, seconds: int, nanos: int, status: int) -> None:
    moment = Timestamp(seconds=seconds, nanos=nanos)
    assert statuses(site.replica(), event("1", occurred_at=moment)) == [status]
