"""grpc.health.v1.Health, for probes that ask and for channels that watch.

grpcio-health-checking's servicer sends to watchers under its lock. A send waits for the thread that also tells of
watchers that leave, and that thread waits for the lock: when the health changes as a channel closes, at shutdown for
one, both may wait for ever. Here one thread does all the sending and holds no lock.
"""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import grpc
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_health.v1.health_pb2 import HealthCheckResponse

Send = Callable[[HealthCheckResponse], None]
_SERVING = HealthCheckResponse(status=HealthCheckResponse.SERVING)
_NOT_SERVING = HealthCheckResponse(status=HealthCheckResponse.NOT_SERVING)
_UNKNOWN = HealthCheckResponse(status=HealthCheckResponse.SERVICE_UNKNOWN)


class HealthServicer(health_pb2_grpc.HealthServicer):
    """Health by service name; names that were never set are unknown. Thread-safe."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._answers: dict[str, HealthCheckResponse] = {}
        self._watchers: dict[str, set[Send]] = {}
        self._ending = self._closed = False
        self._announcer = ThreadPoolExecutor(1, thread_name_prefix="announcer")

    def set(self, service: str, serving: bool) -> None:
        """Set the health of a service and tell those who watch it; nothing changes any more once it is ending."""
        answer = _SERVING if serving else _NOT_SERVING
        with self._lock:
            if self._ending or self._answers.get(service) is answer:
                return
            self._answers[service] = answer
            for send in self._watchers.get(service, ()):
                self._announce(send, answer)

    def serving(self, service: str) -> bool:
        """Whether a service is SERVING."""
        return self._answers.get(service) is _SERVING

    def end(self) -> None:
        """Turn every service NOT_SERVING for good."""
        for service in list(self._answers):
            self.set(service, False)
        with self._lock:
            self._ending = True

    def close(self) -> None:
        """Send nothing more."""
        with self._lock:
            self._ending = self._closed = True
            self._announcer.shutdown(wait=False, cancel_futures=True)

    def Check(self, request: health_pb2.HealthCheckRequest, context: grpc.ServicerContext) -> HealthCheckResponse:
        """The health of a service now; NOT_FOUND for an unknown one."""
        answer = self._answers.get(request.service)
        if answer is None:
            context.set_code(grpc.StatusCode.NOT_FOUND)
            return HealthCheckResponse()
        return answer

    def Watch(  # type: ignore[override]  # grpcio hands a callback to methods marked as below
        self, request: health_pb2.HealthCheckRequest, context: grpc.ServicerContext, send_response_callback: Send
    ) -> None:
        """The health of a service now and whenever it changes; takes no thread while nothing does."""
        service, send = request.service, send_response_callback
        with self._lock:
            self._watchers.setdefault(service, set()).add(send)
            self._announce(send, self._answers.get(service, _UNKNOWN))
        if not context.add_callback(lambda: self._forget(service, send)):
            self._forget(service, send)

    Watch.experimental_non_blocking = True  # type: ignore[attr-defined]  # grpcio looks for this name

    def _announce(self, send: Send, answer: HealthCheckResponse) -> None:
        """Under the lock, so that each watcher hears in order and none after the announcer has gone."""
        if not self._closed:
            self._announcer.submit(send, answer)

    def _forget(self, service: str, send: Send) -> None:
        with self._lock:
            watching = self._watchers.get(service, set())
            watching.discard(send)
            if not watching:
                self._watchers.pop(service, None)
