"""Statuses of gRPC, and what it makes of answers that tell none."""

from enum import IntEnum

from cocite.load.frames import ErrorCode


class Status(IntEnum):
    """doc/statuscodes.md of gRPC."""

    OK = 0
    CANCELLED = 1
    UNKNOWN = 2
    INVALID_ARGUMENT = 3
    DEADLINE_EXCEEDED = 4
    NOT_FOUND = 5
    ALREADY_EXISTS = 6
    PERMISSION_DENIED = 7
    RESOURCE_EXHAUSTED = 8
    FAILED_PRECONDITION = 9
    ABORTED = 10
    OUT_OF_RANGE = 11
    UNIMPLEMENTED = 12
    INTERNAL = 13
    UNAVAILABLE = 14
    DATA_LOSS = 15
    UNAUTHENTICATED = 16


# What gRPC makes of a status of HTTP without one of its own (doc/http-grpc-status-mapping.md) ...
_OF_HTTP = {
    400: Status.INTERNAL,
    401: Status.UNAUTHENTICATED,
    403: Status.PERMISSION_DENIED,
    404: Status.UNIMPLEMENTED,
    429: Status.UNAVAILABLE,
    502: Status.UNAVAILABLE,
    503: Status.UNAVAILABLE,
    504: Status.UNAVAILABLE,
}
# ... and of the code of a stream that was reset (doc/PROTOCOL-HTTP2.md, Errors).
_OF_RESET: dict[int, Status] = {
    ErrorCode.CANCEL: Status.CANCELLED,
    ErrorCode.ENHANCE_YOUR_CALM: Status.RESOURCE_EXHAUSTED,
    ErrorCode.INADEQUATE_SECURITY: Status.PERMISSION_DENIED,
}


def name_of(code: int) -> str:
    """A status by its name; those that gRPC does not know by their number."""
    return Status(code).name if code in set(Status) else f"status {code}"


def of_http(status: int) -> tuple[int, str]:
    """Code and message of an answer that ended without a grpc-status."""
    if status == 200:
        return Status.UNKNOWN, "the answer ended without a grpc-status"
    return _OF_HTTP.get(status, Status.UNKNOWN), f"HTTP status {status} and no grpc-status"


def of_reset(code: int) -> tuple[int, str]:
    """Code and message of a stream that the server reset."""
    told = ErrorCode(code).name if code in set(ErrorCode) else f"error {code}"
    return _OF_RESET.get(code, Status.INTERNAL), f"the server reset the stream: {told}"
