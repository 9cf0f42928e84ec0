"""From Python arguments to requests of the feed service, refused as in requests.py."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from google.protobuf.internal.enum_type_wrapper import EnumTypeWrapper
from google.protobuf.timestamp_pb2 import Timestamp

from cocite.client.feed_types import Event, Reader
from cocite.client.requests import paper_view, strings, text, whole_number
from cocite.core.errors import InvalidArgument
from cocite.serving.interceptor import validate
from cocite.v1 import feed_service_pb2 as pb


def named(value: object, enum: EnumTypeWrapper, prefix: str, field: str) -> int:
    """The number of an enum's value by its name without prefix. Raises InvalidArgument for none."""
    names = {name.removeprefix(prefix).lower(): number for name, number in enum.items() if number}
    if not isinstance(value, str) or value not in names:
        raise InvalidArgument(f"{field}: must be one of {', '.join(names)}, not {value!r:.60}", field=field)
    return names[value]


def reader_ref(reader: str | Reader, field: str = "reader") -> pb.ReaderRef:
    """Who is meant. Raises InvalidArgument unless by exactly one name."""
    if isinstance(reader, str):
        reader = Reader(reader_id=reader)
    if not isinstance(reader, Reader):
        raise InvalidArgument(f"{field}: must be a reader_id or a Reader, not {type(reader).__name__}", field=field)
    names = {
        "reader_id": text(reader.reader_id, f"{field}.reader_id"),
        "session_id": text(reader.session_id, f"{field}.session_id"),
        "feed_token": text(reader.feed_token, f"{field}.feed_token"),
    }
    given = {name: value for name, value in names.items() if value}
    if len(given) != 1:
        raise InvalidArgument(f"{field}: must have one of {', '.join(names)}", field=field)
    return pb.ReaderRef(**given)


def event_message(event: Event, field: str = "event") -> pb.Event:
    """An event; only what the proto's rules do not see is checked here."""
    if not isinstance(event, Event):
        raise InvalidArgument(f"{field}: must be an Event, not {type(event).__name__}", field=field)
    if not isinstance(event.undo, bool):
        raise InvalidArgument(f"{field}.undo: must be True or False, not {event.undo!r:.60}", field=f"{field}.undo")
    return pb.Event(
        event_id=text(event.event_id, f"{field}.event_id"),
        reader=reader_ref(event.reader, f"{field}.reader"),
        kind=pb.EventKind.Name(named(event.kind, pb.EventKind, "EVENT_KIND_", f"{field}.kind")),
        paper_id=text(event.paper_id, f"{field}.paper_id"),
        undo=event.undo,
        attribution_token=text(event.attribution_token, f"{field}.attribution_token"),
        position=whole_number(event.position, f"{field}.position"),
        occurred_at=None if event.occurred_at is None else _timestamp(event.occurred_at, f"{field}.occurred_at"),
    )


def record_request(events: Event | Iterable[Event]) -> pb.RecordEventsRequest:
    """Events to keep."""
    listed = [events] if isinstance(events, Event) else events
    if not isinstance(listed, Iterable):
        raise InvalidArgument(f"events: must be a list of events, not {type(events).__name__}", field="events")
    messages = [event_message(event, f"events[{i}]") for i, event in enumerate(listed)]
    request = pb.RecordEventsRequest(events=messages)
    validate(request)
    return request


def feed_request(reader: str | Reader, page_size: int, page_token: str, view: str) -> pb.ListFeedRequest:
    """A page of a feed."""
    request = pb.ListFeedRequest(
        reader=reader_ref(reader),
        page_size=whole_number(page_size, "page_size"),
        page_token=text(page_token, "page_token"),
        view=paper_view(view),
    )
    validate(request)
    return request


def trending_request(window: str, field: str, page_size: int, page_token: str) -> pb.ListTrendingRequest:
    """A page of what is trending."""
    number = named(window, pb.TrendingWindow, "TRENDING_WINDOW_", "window")
    request = pb.ListTrendingRequest(
        window=pb.TrendingWindow.Name(number),
        field=text(field, "field"),
        page_size=whole_number(page_size, "page_size"),
        page_token=text(page_token, "page_token"),
    )
    validate(request)
    return request


def new_request(date: str, field: str, similar: int, page_size: int, page_token: str, view: str) -> pb.ListNewRequest:
    """A page of a day's papers."""
    request = pb.ListNewRequest(
        date=text(date, "date"),
        field=text(field, "field"),
        similar=whole_number(similar, "similar"),
        page_size=whole_number(page_size, "page_size"),
        page_token=text(page_token, "page_token"),
        view=paper_view(view),
    )
    validate(request)
    return request


def subscribe_request(
    email: str, period: str, reader: str | Reader | None, fields: str | Sequence[str]
) -> pb.SubscribeRequest:
    """A wish for the digest."""
    request = pb.SubscribeRequest(
        email=text(email, "email"),
        period=pb.DigestPeriod.Name(named(period, pb.DigestPeriod, "DIGEST_PERIOD_", "period")),
        reader=None if reader is None else reader_ref(reader),
        fields=strings(fields, "fields"),
    )
    validate(request)
    return request


def reader_request(reader: str | Reader, page_size: int, page_token: str, views: bool) -> pb.GetReaderRequest:
    """What is held of a reader."""
    if not isinstance(views, bool):
        raise InvalidArgument(f"views: must be True or False, not {views!r:.60}", field="views")
    request = pb.GetReaderRequest(
        reader=reader_ref(reader),
        page_size=whole_number(page_size, "page_size"),
        page_token=text(page_token, "page_token"),
        views=views,
    )
    validate(request)
    return request


def _timestamp(time: object, field: str) -> Timestamp:
    if not isinstance(time, datetime) or time.tzinfo is None:
        raise InvalidArgument(f"{field}: must be a datetime with a time zone, not {time!r:.60}", field=field)
    stamp = Timestamp()
    stamp.FromDatetime(time)
    return stamp
