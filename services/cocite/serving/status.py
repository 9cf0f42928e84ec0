"""From cocite's errors to google.rpc.Status, and back: the only table of gRPC codes."""

import grpc
from google.protobuf import any_pb2, duration_pb2
from google.protobuf.message import Message
from google.rpc import code_pb2, error_details_pb2, status_pb2
from grpc_status import rpc_status

from cocite.core import errors

DOMAIN = "cocite"
INTERNAL_TEXT = "internal error; the server's log says more"

CODES: tuple[tuple[type[errors.CociteError], grpc.StatusCode], ...] = (
    (errors.InvalidArgument, grpc.StatusCode.INVALID_ARGUMENT),
    (errors.NotFound, grpc.StatusCode.NOT_FOUND),
    (errors.Unauthenticated, grpc.StatusCode.UNAUTHENTICATED),
    (errors.PermissionDenied, grpc.StatusCode.PERMISSION_DENIED),
    (errors.NotReady, grpc.StatusCode.FAILED_PRECONDITION),
    (errors.Overloaded, grpc.StatusCode.RESOURCE_EXHAUSTED),
    (errors.Unavailable, grpc.StatusCode.UNAVAILABLE),
    (errors.DeadlineExceeded, grpc.StatusCode.DEADLINE_EXCEEDED),
    (errors.CorruptData, grpc.StatusCode.DATA_LOSS),
)


def code_of(error: errors.CociteError) -> grpc.StatusCode:
    """The gRPC code of an error."""
    return next((code for kind, code in CODES if isinstance(error, kind)), grpc.StatusCode.INTERNAL)


def to_status(error: errors.CociteError) -> status_pb2.Status:
    """google.rpc.Status with ErrorInfo, and BadRequest and RetryInfo where they apply."""
    status = status_pb2.Status(code=code_of(error).value[0], message=str(error))
    _attach(status, error_details_pb2.ErrorInfo(reason=error.reason, domain=DOMAIN))
    if error.field:
        violation = error_details_pb2.BadRequest.FieldViolation(field=error.field, description=error.message)
        _attach(status, error_details_pb2.BadRequest(field_violations=[violation]))
    if error.retry_after_s is not None:
        delay = duration_pb2.Duration()
        delay.FromMilliseconds(int(error.retry_after_s * 1000))
        _attach(status, error_details_pb2.RetryInfo(retry_delay=delay))
    return status


def internal_status() -> status_pb2.Status:
    """The answer to every error that is not in the family."""
    return status_pb2.Status(code=code_pb2.INTERNAL, message=INTERNAL_TEXT)


def from_rpc_error(error: grpc.RpcError) -> errors.CociteError:
    """The cocite error a failed call stands for, with the field and hint the server gave."""
    call = error if isinstance(error, grpc.Call | grpc.aio.AioRpcError) else None
    code = call.code() if call else grpc.StatusCode.UNKNOWN
    kind = next((kind for kind, c in CODES if c == code), errors.Unavailable)
    field, retry = "", None
    status = rpc_status.from_call(call) if call else None  # type: ignore[arg-type]  # an AioRpcError does as well
    details: list[any_pb2.Any] = list(status.details) if status else []
    for detail in details:
        bad, delay = error_details_pb2.BadRequest(), error_details_pb2.RetryInfo()
        if detail.Unpack(bad) and bad.field_violations:
            field = bad.field_violations[0].field
        elif detail.Unpack(delay):
            retry = delay.retry_delay.ToMilliseconds() / 1000
    message = (call.details() if call else "") or f"call failed with {code.name}"
    return kind(message, field=field, retry_after_s=retry)


def _attach(status: status_pb2.Status, detail: Message) -> None:
    packed = any_pb2.Any()
    packed.Pack(detail)
    status.details.append(packed)
