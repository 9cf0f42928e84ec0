"""A grpc.Server on pygrpc-native, whose HTTP/2 runs in Rust beside the interpreter lock.

Calls arrive in batches. One thread takes them: those that the wire cache answers it answers at once, the others it
hands to the pool of their method. What is neither a unary call nor a stream that needs no thread goes to a grpcio
server behind it: reflection, and methods that do not exist.
"""

from __future__ import annotations  # grpc's classes are generic in their stubs only

import shutil
import tempfile
import threading
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Never

import grpc
import structlog
from pygrpc_native import EVENT_CALL, NativeGrpcFront

from cocite.serving.deadline import Deadline
from cocite.serving.native_call import Aborted, Metadata, NativeCall
from cocite.serving.rpc_meter import RpcMeter
from cocite.serving.wall import Wall
from cocite.serving.wire_cache import WireCache

log = structlog.get_logger("cocite.native")
BATCH = 64
IO_THREADS = 1  # one is enough for what a Python thread can answer, and two cost a fifth more
FLUSH_S = (
    0.2  # between the last answer and the end of its connection: the front tells of no answer that is still unsent
)

Handler = grpc.RpcMethodHandler


@dataclass(frozen=True, slots=True)
class NativeOptions:
    """What a server is told; times are in milliseconds."""

    max_calls: int
    max_message_bytes: int
    keepalive_ms: int
    keepalive_timeout_ms: int
    reuse_port: bool
    wire: WireCache | None
    meter: RpcMeter | None = None
    wall: Wall | None = None


@dataclass(frozen=True, slots=True)
class _CallDetails(grpc.HandlerCallDetails):
    method: str
    invocation_metadata: Metadata


class NativeServer(grpc.Server):
    """One plaintext port. pool runs what names no pool of its own. fallback gets the methods that are not served here.

    A stream has no thread: its handler is given a callback to send by, as grpcio does for those that are marked
    experimental_non_blocking.
    """

    def __init__(
        self,
        pool: ThreadPoolExecutor,
        interceptor: grpc.ServerInterceptor,
        options: NativeOptions,
        fallback: grpc.Server,
    ) -> None:
        self._pool = pool
        self._interceptor = interceptor
        self._options = options
        self._fallback = fallback
        self._handlers: dict[str, Handler[Any, Any]] = {}
        self._methods: list[str] = []  # by the front's number
        self._calls: dict[int, NativeCall] = {}
        self._streams: dict[int, NativeCall] = {}
        self._front: NativeGrpcFront | None = None
        self._directory: Path | None = None
        self._stopping = False
        self._idle = threading.Condition()

    def add_generic_rpc_handlers(self, generic_rpc_handlers: Iterable[grpc.GenericRpcHandler]) -> None:
        """Nothing: generated code registers the same methods by name, too."""

    def add_registered_method_handlers(
        self, service_name: str, method_handlers: Mapping[str, Handler[Any, Any]]
    ) -> None:
        """See grpc.Server."""
        for name, handler in method_handlers.items():
            if handler.unary_unary is not None or _threadless(handler):
                self._handlers[f"/{service_name}/{name}"] = handler
            else:
                self._fallback.add_registered_method_handlers(service_name, {name: handler})

    def add_insecure_port(self, address: str) -> int:
        """The port bound, chosen by the system where 0 is asked for. Raises RuntimeError when it cannot be."""
        options = self._options
        try:
            self._front = NativeGrpcFront(
                address,
                [(method, _threadless(handler)) for method, handler in self._handlers.items()],
                io_threads=IO_THREADS,
                call_details=True,
                keepalive_time_ms=options.keepalive_ms,
                keepalive_timeout_ms=options.keepalive_timeout_ms,
                keepalive_permit_without_calls=False,
                reuse_port=options.reuse_port,
            )
        except OSError as error:
            raise RuntimeError(f"failed to bind to {address}") from error
        self._methods = list(self._handlers)
        return self._front.bound_port

    def add_secure_port(self, address: str, server_credentials: grpc.ServerCredentials) -> Never:
        """There is no TLS."""
        raise NotImplementedError

    def start(self) -> None:
        """Serve from now on."""
        assert self._front is not None, "a port comes first"
        self._directory = Path(tempfile.mkdtemp(prefix="cocite-"))
        socket = str(self._directory / "grpcio")
        self._fallback.add_insecure_port(f"unix:{socket}")
        self._fallback.start()
        self._front.set_fallback(socket)
        self._front.start()
        threading.Thread(target=self._receive, args=(self._front,), name="native", daemon=True).start()

    def stop(self, grace: float | None) -> threading.Event:
        """Refuse what comes, wait grace seconds for calls under way, end streams; the event tells when it is done."""
        done = threading.Event()
        self._stopping = True
        threading.Thread(target=self._finish, args=(Deadline.after(grace or 0.0), done), daemon=True).start()
        return done

    def wait_for_termination(self, timeout: float | None = None) -> Never:
        """Nobody waits so here."""
        raise NotImplementedError

    def _receive(self, front: NativeGrpcFront) -> None:
        wire, meter, wall = self._options.wire, self._options.meter, self._options.wall
        quick = [wire.get if wire and method in wire.methods else None for method in self._methods]
        hits = [meter.hit(method) if meter else None for method in self._methods]
        while (events := front.recv_batch_details(BATCH)) is not None:
            for kind, call_id, method_id, payload, _, details in events:
                if kind != EVENT_CALL:
                    self._cancelled(call_id)
                    continue
                assert payload is not None and details is not None
                get = quick[method_id]
                if get is not None and wall and not wall.admits(self._methods[method_id], payload, details[0]):
                    get = None  # the interceptor says why
                answer = None if get is None or self._stopping else get(self._methods[method_id], payload)
                if answer is not None:
                    front.respond(call_id, answer)
                    if (hit := hits[method_id]) is not None:
                        hit()
                    continue
                self._begin(front, call_id, self._methods[method_id], payload, details)

    def _begin(
        self,
        front: NativeGrpcFront,
        call_id: int,
        method: str,
        payload: bytes,
        details: tuple[Metadata, str, float | None],
    ) -> None:
        stream = _threadless(self._handlers[method])
        under_way = self._streams if stream else self._calls
        call = NativeCall(front, call_id, *details, on_end=self._ended)
        under_way[call_id] = call
        try:
            if refusal := self._refusal(payload):
                if self._options.meter:
                    self._options.meter.turned_away(method, refusal[0].name, refusal[0].name)
                call.fail(*refusal)
                return
            handler = self._interceptor.intercept_service(
                lambda asked: self._handlers.get(asked.method), _CallDetails(method, details[0])
            )
            assert handler is not None
            behaviour = handler.unary_stream if stream else handler.unary_unary or handler.stream_unary
            pool = getattr(behaviour, "experimental_thread_pool", self._pool)
            pool.submit(self._run, call, handler, payload)
        except Exception:  # the thread that all calls come by must not end
            log.exception("call not begun", method=method)
            call.fail(grpc.StatusCode.INTERNAL, "the call could not be begun")

    def _refusal(self, payload: bytes) -> tuple[grpc.StatusCode, str] | None:
        if self._stopping:
            return grpc.StatusCode.UNAVAILABLE, "the server is shutting down"
        if len(self._calls) > self._options.max_calls:
            return grpc.StatusCode.RESOURCE_EXHAUSTED, "too many calls are under way"
        if len(payload) > self._options.max_message_bytes:
            return grpc.StatusCode.RESOURCE_EXHAUSTED, f"the request is larger than {self._options.max_message_bytes}"
        return None

    def _run(self, call: NativeCall, handler: Handler[Any, Any], payload: bytes) -> None:
        if not call.is_active():  # its client has gone while it waited
            return
        try:
            request = handler.request_deserializer(payload) if handler.request_deserializer else payload
            if handler.unary_stream is not None:
                handler.unary_stream(
                    request,
                    call,
                    lambda message: call.send(self._serialized(message, handler, call)),  # type: ignore[call-arg]
                )
                return
            behaviour: Any = handler.unary_unary or handler.stream_unary
            answer = behaviour(request, call)
            call.answer(self._serialized(answer, handler, call))
        except Aborted:
            call.fail()
        except Exception:
            log.exception("call failed")
            call.fail(grpc.StatusCode.UNKNOWN, "the server failed")

    def _serialized(self, answer: Any, handler: Handler[Any, Any], call: NativeCall) -> bytes:
        body: bytes = handler.response_serializer(answer) if handler.response_serializer else answer
        if len(body) > self._options.max_message_bytes:
            call.abort(
                grpc.StatusCode.RESOURCE_EXHAUSTED, f"the answer is larger than {self._options.max_message_bytes}"
            )
        return body

    def _cancelled(self, call_id: int) -> None:
        call = self._calls.get(call_id) or self._streams.get(call_id)
        if call is not None:
            call.end()

    def _ended(self, call_id: int) -> None:
        self._streams.pop(call_id, None)
        self._calls.pop(call_id, None)
        if self._stopping:
            with self._idle:
                self._idle.notify_all()

    def _finish(self, deadline: Deadline, done: threading.Event) -> None:
        with self._idle:
            self._idle.wait_for(lambda: not self._calls, deadline.remaining())
        for call in [*self._streams.values(), *self._calls.values()]:
            call.fail(grpc.StatusCode.UNAVAILABLE, "the server is shutting down")
        self._fallback.stop(deadline.remaining()).wait(deadline.remaining() + 1)
        threading.Event().wait(FLUSH_S)
        if self._front is not None:
            self._front.close()
        if self._directory is not None:
            shutil.rmtree(self._directory, ignore_errors=True)
        done.set()


def _threadless(handler: Handler[Any, Any]) -> bool:
    return bool(getattr(handler.unary_stream, "experimental_non_blocking", False))
