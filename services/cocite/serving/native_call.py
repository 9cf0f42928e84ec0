"""One call that pygrpc-native delivered, as the context that a servicer sees."""

from __future__ import annotations  # grpc's classes are generic in their stubs only

import threading
import time
from collections.abc import Callable, Mapping
from typing import Never

import grpc
from pygrpc_native import STREAM_FULL, NativeGrpcFront

from cocite.serving.deadline import Deadline

PATIENCE_S, POLL_S = 1.0, 0.002
_NO_DEADLINE_S = float(2**63)  # what grpcio says of a call without one, more or less

Metadata = tuple[tuple[str, str | bytes], ...]


class Aborted(Exception):
    """Leaves a behaviour that has called abort; its status is in the call."""


class NativeCall(grpc.ServicerContext):
    """A call under way. It ends once: answered, failed, cancelled by its client, or out of time. Thread-safe.

    time_left_s is None for a call without a deadline. on_end is told the id of the call when it has ended.
    """

    def __init__(
        self,
        front: NativeGrpcFront,
        call_id: int,
        metadata: Metadata,
        peer: str,
        time_left_s: float | None,
        on_end: Callable[[int], None],
    ) -> None:
        self._front = front
        self._id = call_id
        self._metadata = metadata
        self._peer = peer
        self._deadline = None if time_left_s is None else time.monotonic() + time_left_s
        self._on_end = on_end
        self._lock = threading.Lock()
        self._active = True
        self._callbacks: list[Callable[[], None]] = []
        self._code: grpc.StatusCode | None = None
        self._details = ""
        self._initial: Metadata | None = None
        self._trailing: Metadata = ()

    def answer(self, body: bytes) -> None:
        """End the call with its only answer, or with the status that was set."""
        if self._code not in (None, grpc.StatusCode.OK):
            self.fail()
            return
        initial = None if self._initial is None else list(self._initial)
        self._front.respond(self._id, body, initial_metadata=initial, trailing_metadata=list(self._trailing))
        self.end()

    def send(self, body: bytes) -> None:
        """Send one message of a stream. A client that does not read is waited for a while, and then left."""
        patience = Deadline.after(PATIENCE_S)
        while self._front.stream_try_send(self._id, body) == STREAM_FULL:  # one message waits there, not two
            if not patience.remaining():
                self.fail(grpc.StatusCode.RESOURCE_EXHAUSTED, "the client does not read")
                return
            time.sleep(POLL_S)

    def fail(self, code: grpc.StatusCode = grpc.StatusCode.UNKNOWN, details: str = "") -> bool:
        """End the call with the status that was set, code and details where none was. False: it had ended before."""
        wrong = code if self._code in (None, grpc.StatusCode.OK) else self._code
        assert wrong is not None
        failed = self._front.fail(self._id, wrong.value[0], self._details or details, list(self._trailing))
        self.end()
        return failed

    def end(self) -> None:
        """Take note that nothing more is sent."""
        with self._lock:
            if not self._active:
                return
            self._active = False
            callbacks, self._callbacks = self._callbacks, []
        for callback in callbacks:
            callback()
        self._on_end(self._id)

    def is_active(self) -> bool:
        """See grpc.RpcContext."""
        return self._active

    def time_remaining(self) -> float:
        """Seconds left."""
        return _NO_DEADLINE_S if self._deadline is None else max(0.0, self._deadline - time.monotonic())

    def cancel(self) -> bool:
        """See grpc.RpcContext."""
        return self.fail(grpc.StatusCode.CANCELLED, "CANCELLED")

    def add_callback(self, callback: Callable[[], None]) -> bool:
        """Have callback called when the call has ended; False when it has already."""
        with self._lock:
            if self._active:
                self._callbacks.append(callback)
            return self._active

    def invocation_metadata(self) -> Metadata:
        """See grpc.ServicerContext."""
        return self._metadata

    def peer(self) -> str:
        """Address of the client."""
        return self._peer

    def peer_identities(self) -> None:
        """None: there is no TLS."""

    def peer_identity_key(self) -> None:
        """None: there is no TLS."""

    def auth_context(self) -> Mapping[str, bytes]:
        """Empty: there is no TLS."""
        return {}

    def send_initial_metadata(self, initial_metadata: Metadata) -> None:
        """Sent with the answer, not before."""
        self._initial = initial_metadata

    def set_trailing_metadata(self, trailing_metadata: Metadata) -> None:
        """See grpc.ServicerContext."""
        self._trailing = trailing_metadata

    def trailing_metadata(self) -> Metadata:
        """See grpc.ServicerContext."""
        return self._trailing

    def abort(self, code: grpc.StatusCode, details: str) -> Never:
        """See grpc.ServicerContext."""
        self._code = grpc.StatusCode.UNKNOWN if code is grpc.StatusCode.OK else code
        self._details = details
        raise Aborted

    def abort_with_status(self, status: grpc.Status) -> Never:
        """See grpc.ServicerContext."""
        self._trailing = status.trailing_metadata or ()
        self.abort(status.code, status.details)

    def set_code(self, code: grpc.StatusCode) -> None:
        """See grpc.ServicerContext."""
        self._code = code

    def code(self) -> grpc.StatusCode | None:
        """The code that was set, by abort for one."""
        return self._code

    def set_details(self, details: str) -> None:
        """See grpc.ServicerContext."""
        self._details = details

    def details(self) -> str:
        """What was said of the code."""
        return self._details
