"""Who may name a reader in which way.

A session id and a feed token are secrets: whoever knows one is that reader. A reader_id is a name that the site in
front of cocite has given, and often easy to guess; so only that site's key may use it.
"""

from collections.abc import Callable, Collection, Mapping
from typing import Any

from google.protobuf.message import DecodeError, Message

from cocite.core.errors import PermissionDenied
from cocite.gateway.keys import Scope
from cocite.gateway.methods import Method
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


def check_reader(method: Method, request: bytes, scopes: Collection[Scope]) -> None:
    """Raises PermissionDenied for an encoded request that names a reader as a caller with these scopes may not."""
    names = NAMING.get(method.request)
    if names is None or Scope.READERS in scopes:
        return
    try:
        named = names(method.request.FromString(request))
    except DecodeError:  # whoever is asked says what is wrong
        return
    if named:
        raise PermissionDenied(
            f"reader_id: naming readers needs a key for {Scope.READERS}",
            hint=f"cocite key create --scope {Scope.READERS}; a browser names itself by session_id",
            field="reader_id",
        )
