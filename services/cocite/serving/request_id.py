"""The id that a request has from the gateway on, in every line that is logged while a call of it is computed.

It is metadata of the call, and read when a line is written, not before: most calls write none.
"""

from contextvars import ContextVar
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import grpc

REQUEST_ID = "x-request-id"  # key of the metadata, as of the gateway's header
_MOST_LETTERS = 128

call_under_way: "ContextVar[grpc.ServicerContext | None]" = ContextVar("call_under_way", default=None)


def add_request_id(_logger: Any, _method: str, event: Any) -> Any:
    """A processor of structlog's: add the id of the call that this thread works on, if its caller gave one."""
    if "request_id" not in event and (request_id := request_id_of_call()):
        event["request_id"] = request_id
    return event


def request_id_of_call() -> str:
    """The id of the call that this thread works on, "" where its caller gave none, or none that can be passed on."""
    call = call_under_way.get()
    for key, value in call.invocation_metadata() if call is not None else ():
        if key == REQUEST_ID and isinstance(value, str) and value.isascii() and value.isprintable():
            return value[:_MOST_LETTERS].strip()
    return ""
