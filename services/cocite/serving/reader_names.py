"""Which requests name a reader by reader_id.

A session id and a feed token are secrets: whoever knows one is that reader. A reader_id is a name that the site in
front of cocite has given, and often easy to guess; so only that site's key may use it.
"""

from collections.abc import Callable, Mapping
from typing import Any

from google.protobuf.message import DecodeError, Message

from cocite.v1 import feed_service_pb2 as pb


def _in_request(request: Any) -> bool:
    return bool(request.reader.HasField("reader_id"))


def _in_events(request: Any) -> bool:
    return any(event.reader.HasField("reader_id") for event in request.events)


# Whether a request names a reader by reader_id; those that name no reader are left out.
NAMING: Mapping[type[Message], Callable[[Any], bool]] = {
    pb.RecordEventsRequest: _in_events,
    pb.ListFeedRequest: _in_request,
    pb.SubscribeRequest: _in_request,
    pb.GetReaderRequest: _in_request,
    pb.RotateFeedTokenRequest: _in_request,
    pb.DeleteReaderRequest: _in_request,
}


def names_reader(kind: type[Message], request: bytes) -> bool:
    """Whether an encoded request of a kind names a reader by reader_id; what cannot be decoded names none."""
    names = NAMING.get(kind)
    if names is None:
        return False
    try:
        return names(kind.FromString(request))
    except DecodeError:  # whoever is asked says what is wrong
        return False
