"""The one server interceptor: deadline, validation by the rules in the protos, errors to status, a log line a call."""

from __future__ import annotations  # grpc's classes are generic in their stubs only

import time
from collections.abc import Callable
from typing import Any

import grpc
import protovalidate
import structlog
from google.protobuf.message import Message
from grpc_status import rpc_status

from cocite.core.errors import CociteError, InvalidArgument
from cocite.serving.deadline import Deadline
from cocite.serving.status import code_of, internal_status, to_status

log = structlog.get_logger("cocite.rpc")
_UNWATCHED = ("/grpc.health.", "/grpc.reflection.")

Handler = Callable[[Any, grpc.ServicerContext], Any]


def field_path(violation: protovalidate.Violation) -> str:
    """Path of the field at fault in proto notation, "seeds.positive_ids[3]"."""
    path = ""
    for element in violation.proto.field.elements if violation.proto.field else ():
        path += ("." if path else "") + element.field_name
        if element.subscript is not None:
            path += f"[{element.subscript.value}]"
    return path


def validate(request: Message) -> None:
    """Raise InvalidArgument for the first rule of the proto that request breaks."""
    violations = protovalidate.collect_violations(request, fail_fast=True)
    if violations:
        path = field_path(violations[0])
        raise InvalidArgument(f"{path or 'request'}: {violations[0].proto.message}", field=path)


class RpcInterceptor(grpc.ServerInterceptor):
    """Wraps every unary method of the service."""

    def __init__(self, default_deadline_s: float) -> None:
        self._default_deadline_s = default_deadline_s

    def intercept_service(
        self,
        continuation: Callable[[grpc.HandlerCallDetails], grpc.RpcMethodHandler[Any, Any] | None],
        handler_call_details: grpc.HandlerCallDetails,
    ) -> grpc.RpcMethodHandler[Any, Any] | None:
        """See grpc.ServerInterceptor."""
        handler = continuation(handler_call_details)
        method = handler_call_details.method
        if handler is None or handler.unary_unary is None or method.startswith(_UNWATCHED):
            return handler
        return grpc.unary_unary_rpc_method_handler(
            self._wrap(method, handler.unary_unary),
            request_deserializer=handler.request_deserializer,
            response_serializer=handler.response_serializer,
        )

    def _wrap(self, method: str, inner: Handler) -> Handler:
        def call(request: Message, context: grpc.ServicerContext) -> Any:
            started = time.perf_counter()
            code = "OK"
            try:
                Deadline.of(context, self._default_deadline_s).check()
                validate(request)
                return inner(request, context)
            except CociteError as error:
                code = code_of(error).name
                context.abort_with_status(rpc_status.to_status(to_status(error)))
            except Exception:
                if context.code() is not None:  # type: ignore[attr-defined]  # set by abort; missing from the stubs
                    raise
                code = "INTERNAL"
                log.exception("call failed", method=method)
                context.abort_with_status(rpc_status.to_status(internal_status()))
            finally:
                log.debug("call", method=method, code=code, ms=round((time.perf_counter() - started) * 1e3, 3))

        return call
