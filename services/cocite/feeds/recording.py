"""RecordEvents: what is wrong with an event is told of that event, and the others are kept."""

from collections import Counter
from collections.abc import Iterator, Mapping

from google.protobuf.timestamp_pb2 import Timestamp

from cocite.catalogue.event_records import EventKind, NewEvent, ReaderName, Status
from cocite.catalogue.events import EventLog
from cocite.core.clock import now_ms
from cocite.core.ids import try_normalise_id
from cocite.feeds.reader_refs import name_of
from cocite.feeds.reader_tags import ReaderTags, digest_of
from cocite.serving.deadline import Deadline
from cocite.serving.tally import Tallies
from cocite.v1 import feed_service_pb2 as pb

AHEAD_MS = 5 * 60_000  # by which a sender's clock may be ahead
SHARE, AT_MOST_S = 0.9, 10.0  # of the caller's time that the store is waited for

_STATUSES: Mapping[Status, pb.EventStatus] = {
    Status.RECORDED: pb.EVENT_STATUS_RECORDED,
    Status.DUPLICATE: pb.EVENT_STATUS_DUPLICATE,
    Status.RECORDED_AHEAD: pb.EVENT_STATUS_RECORDED_AHEAD,
    Status.CONFLICT: pb.EVENT_STATUS_CONFLICT,
    Status.FLOODED: pb.EVENT_STATUS_FLOODED,
}
_KEPT = (Status.RECORDED, Status.RECORDED_AHEAD, Status.DUPLICATE)


class Recording:
    """Keeps events, and lets all replicas know whose feeds are others now. Thread-safe."""

    def __init__(self, log: EventLog, tags: ReaderTags) -> None:
        self._log = log
        self._tags = tags
        self._counts = Tallies()

    def counts(self) -> Iterator[tuple[tuple[str, ...], int]]:
        """How many events came to each status."""
        return self._counts.items()

    def record(self, request: pb.RecordEventsRequest, deadline: Deadline) -> pb.RecordEventsResponse:
        """See feed_service.proto. Raises Overloaded, DeadlineExceeded and Unavailable: then all can be sent again."""
        now = now_ms()
        judged = [_judged(event, now) for event in request.events]
        events = [each for each in judged if isinstance(each, NewEvent)]
        statuses = self._log.append(events, deadline.share(SHARE, AT_MOST_S))
        # of duplicates, too: the call that kept them may have ended before it changed the tag
        readers = {event.reader for event, status in zip(events, statuses, strict=True) if status in _KEPT}
        self._tags.change(map(digest_of, readers))
        kept = iter(statuses)
        told = [_STATUSES[next(kept)] if isinstance(each, NewEvent) else each for each in judged]
        for status, count in Counter(told).items():
            self._counts.add(pb.EventStatus.Name(status).removeprefix("EVENT_STATUS_").lower(), count=count)
        return pb.RecordEventsResponse(
            results=[
                pb.EventResult(event_id=event.event_id, status=status)
                for event, status in zip(request.events, told, strict=True)
            ]
        )


def _judged(event: pb.Event, now: int) -> "NewEvent | pb.EventStatus":
    """The event as the store takes it, or why it does not."""
    reader: ReaderName | None = name_of(event.reader)
    if reader is None:
        return pb.EVENT_STATUS_NOT_ALLOWED
    paper_id = try_normalise_id(event.paper_id)
    if paper_id is None:
        return pb.EVENT_STATUS_MALFORMED_ID
    occurred_at = _milliseconds(event.occurred_at) if event.HasField("occurred_at") else None
    if occurred_at is not None and occurred_at > now + AHEAD_MS:
        return pb.EVENT_STATUS_IN_FUTURE
    return NewEvent(
        event_id=event.event_id,
        reader=reader,
        kind=EventKind(event.kind),
        paper_id=paper_id,
        undo=event.undo,
        attribution_token=event.attribution_token,
        position=event.position,
        occurred_at=occurred_at,
    )


def _milliseconds(at: Timestamp) -> int:
    """Milliseconds since 1970, at least 0, of any time, also of one that no calendar has."""
    return max(0, at.seconds * 1000 + at.nanos // 1_000_000)
