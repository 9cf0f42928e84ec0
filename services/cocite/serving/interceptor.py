"""The one server interceptor: limit, wire cache, deadline, validation by the rules in the protos, errors to status, a
log line for each call that is computed.
"""

from __future__ import annotations  # grpc's classes are generic in their stubs only

import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, nullcontext
from functools import partial
from typing import Any

import grpc
import protovalidate
import structlog
from google.protobuf.message import DecodeError, Message
from grpc_status import rpc_status

from cocite.core.errors import CociteError, InvalidArgument, Overloaded
from cocite.serving.computing import Computing
from cocite.serving.deadline import Deadline
from cocite.serving.pools import AtOnce as InThisThread
from cocite.serving.pools import BoundedPool, in_pool
from cocite.serving.request_id import call_under_way
from cocite.serving.rpc_meter import RpcMeter
from cocite.serving.status import code_of, internal_status, to_status
from cocite.serving.tracing import begin_serving, traced
from cocite.serving.wall import Wall
from cocite.serving.wire_cache import Cacheable, Computed, WireCache

log = structlog.get_logger("cocite.rpc")
_HEALTH, _REFLECTION = "/grpc.health.", "/grpc.reflection."
RETRY_AFTER_S = 0.5

Behaviour = Callable[[bytes, grpc.ServicerContext], Any]
Compute = Callable[[bytes, grpc.ServicerContext], Computed]
AtOnce = Callable[[bytes], Cacheable | None]
RpcHandler = grpc.RpcMethodHandler
Permit = Callable[[], AbstractContextManager[None]]


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
    """Wraps every unary method of the service.

    calls is the pool they run in; once it is full, calls are refused with Overloaded before they have a thread. streams
    is the pool of reflection, whose clients may hold a thread for long.
    Without pools everything runs in the server's own, and nothing is refused. A request that wire has the answer to is
    not even parsed, nor is one that the function in at_once of its method has an answer to; for a method that wire does
    not keep it is asked before anything else, and where it raises the call takes the long way. A behaviour returns a
    message, the bytes of one, or either as Cacheable. meter counts the calls. A wall
    is asked before all of that who may call. computing says how many calls compute at once.
    """

    def __init__(
        self,
        default_deadline_s: float,
        calls: BoundedPool | None = None,
        streams: ThreadPoolExecutor | None = None,
        wire: WireCache | None = None,
        at_once: Mapping[str, AtOnce] | None = None,
        meter: RpcMeter | None = None,
        wall: Wall | None = None,
        computing: Computing | None = None,
    ) -> None:
        self._default_deadline_s = default_deadline_s
        self._calls = calls
        self._streams = streams
        self._wire = wire
        self._at_once = at_once or {}
        self._meter = meter
        self._wall = wall
        self._permit: Permit = computing.permit if computing else nullcontext
        self._handlers: dict[str, RpcHandler[Any, Any]] = {}  # by method; only those that exist
        overloaded = Overloaded("too many calls are under way, or wait for too long", retry_after_s=RETRY_AFTER_S)
        self._refusal = rpc_status.to_status(to_status(overloaded))
        # The thread that all calls come by refuses at once: it must not wait for a message, as it would for a unary
        # method's. On the wire there is no difference.
        self._refusing: RpcHandler[Any, Any] = grpc.stream_unary_rpc_method_handler(
            in_pool(InThisThread(), self._refuse)
        )

    def intercept_service(
        self,
        continuation: Callable[[grpc.HandlerCallDetails], RpcHandler[Any, Any] | None],
        handler_call_details: grpc.HandlerCallDetails,
    ) -> RpcHandler[Any, Any] | None:
        """See grpc.ServerInterceptor."""
        method = handler_call_details.method
        handler = self._handlers.get(method)
        if handler is None:
            inner = continuation(handler_call_details)
            if inner is None or method.startswith(_HEALTH):
                return inner
            handler = self._handlers[method] = self._wrapped(method, inner)
        if self._calls and self._calls.full and handler.unary_unary is not None:
            if self._meter:
                self._meter.turned_away(method, grpc.StatusCode.RESOURCE_EXHAUSTED.name, Overloaded.reason)
            return self._refusing
        return handler

    def _wrapped(self, method: str, inner: RpcHandler[Any, Any]) -> RpcHandler[Any, Any]:
        if inner.unary_unary is not None:
            behaviour = self._behaviour(method, inner)
            if self._wall:
                behaviour = self._behind(self._wall, method, behaviour)
            return grpc.unary_unary_rpc_method_handler(in_pool(self._calls, behaviour) if self._calls else behaviour)
        if inner.stream_stream is not None and self._streams and method.startswith(_REFLECTION):
            return grpc.stream_stream_rpc_method_handler(
                in_pool(self._streams, inner.stream_stream), inner.request_deserializer, inner.response_serializer
            )
        return inner

    def _behaviour(self, method: str, inner: RpcHandler[Any, Any]) -> Behaviour:
        wire, at_once = self._wire, self._at_once.get(method)
        hit = self._meter.hit(method) if self._meter else None
        if wire is None or method not in wire.methods:
            long_way = _computing(inner, _nothing, self._meter)
            guarded = self._guarded(method, lambda data, context, _: long_way(data, context).body)
            return guarded if at_once is None else _at_once_first(at_once, inner, guarded, hit)
        get, answer, compute = wire.get, wire.answer, _computing(inner, at_once or _nothing, self._meter)
        guarded = self._guarded(
            method, lambda data, context, deadline: answer(method, data, partial(compute, data, context), deadline)
        )

        def call(data: bytes, context: grpc.ServicerContext) -> Any:
            kept = get(method, data)
            if kept is None:
                return guarded(data, context)
            if hit is not None:
                hit()
            return kept

        return call

    def _behind(self, wall: Wall, method: str, behaviour: Behaviour) -> Behaviour:
        def call(data: bytes, context: grpc.ServicerContext) -> Any:
            try:
                wall.check(method, data, context)
            except CociteError as error:
                return self._guarded(method, partial(_raise, error))(data, context)
            return behaviour(data, context)

        return call

    def _guarded(self, method: str, inner: Callable[[bytes, grpc.ServicerContext, Deadline], bytes]) -> Behaviour:
        calls, meter, permit = self._calls, self._meter, self._permit

        def call(data: bytes, context: grpc.ServicerContext) -> Any:
            with permit():
                return answer(data, context)

        def answer(data: bytes, context: grpc.ServicerContext) -> Any:
            started = time.perf_counter()
            code = "OK"
            token = call_under_way.set(context)
            span = begin_serving(method, dict(context.invocation_metadata())) if traced() else None
            try:
                deadline = Deadline.of(context, self._default_deadline_s)
                if calls:
                    calls.allowed(deadline.remaining())
                deadline.check()
                return inner(data, context, deadline)
            except CociteError as error:
                code = code_of(error).name
                if meter:
                    meter.refused.add(error.reason)
                context.abort_with_status(rpc_status.to_status(to_status(error)))
            except Exception:
                set_by_abort = context.code()  # type: ignore[attr-defined]  # missing from the stubs
                if set_by_abort is not None:
                    code = set_by_abort.name
                    raise
                code = "INTERNAL"
                log.exception("call failed", method=method)
                context.abort_with_status(rpc_status.to_status(internal_status()))
            finally:
                seconds = time.perf_counter() - started
                if meter:
                    meter.ended(method, code, seconds)
                log.debug("call", method=method, code=code, ms=round(seconds * 1e3, 3))
                if span is not None:
                    span.end(code)
                call_under_way.reset(token)

        return call

    def _refuse(self, _: object, context: grpc.ServicerContext) -> None:
        context.abort_with_status(self._refusal)


def _raise(error: CociteError, *_: object) -> bytes:
    raise error


def _nothing(_: bytes) -> None:
    """No answer at once."""


def _at_once_first(
    at_once: AtOnce, handler: RpcHandler[Any, Any], long_way: Behaviour, hit: Callable[[], object] | None
) -> Behaviour:
    """The answer that is there at once, else what the long way gives."""
    encode = _encoding(handler)

    def call(data: bytes, context: grpc.ServicerContext) -> Any:
        try:
            given = at_once(data)
        except CociteError:
            given = None
        except Exception:
            log.exception("no answer at once")
            given = None
        if given is None:
            return long_way(data, context)
        if hit is not None:
            hit()
        return encode(given.answer)

    return call


def _computing(handler: RpcHandler[Any, Any], at_once: AtOnce, meter: RpcMeter | None) -> Compute:
    """From the bytes of a request to those of its answer, by way of the handler's validated message if need be."""
    behaviour: Any = handler.unary_unary
    parse: Callable[[bytes], Any] = handler.request_deserializer or bytes
    encode = _encoding(handler)

    def compute(data: bytes, context: grpc.ServicerContext) -> Computed:
        given = at_once(data)
        if given is None:
            request = _parsed(parse, data)
            validate(request)
            given = behaviour(request, context)
            if meter:
                meter.answered(given)
        answer, model = (given.answer, given.model) if isinstance(given, Cacheable) else (given, "")
        return Computed(encode(answer), model)

    return compute


def _encoding(handler: RpcHandler[Any, Any]) -> Callable[[Any], bytes]:
    serialize: Callable[[Any], bytes] = handler.response_serializer or bytes
    return lambda answer: answer if isinstance(answer, bytes) else serialize(answer)


def _parsed(parse: Callable[[bytes], Any], data: bytes) -> Any:
    try:
        return parse(data)
    except DecodeError:
        raise InvalidArgument("request: the bytes are no message of the type this method takes") from None
