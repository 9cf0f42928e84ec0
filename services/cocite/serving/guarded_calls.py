"""Calls to a service behind this one, which a dead one costs nothing."""

import time
from collections.abc import Callable
from typing import TypeVar

import grpc
import structlog

from cocite.core.errors import DeadlineExceeded, Unavailable
from cocite.serving.breaker import Breaker
from cocite.serving.computing import waiting
from cocite.serving.status import from_rpc_error
from cocite.serving.tracing import Asking

log = structlog.get_logger("cocite.calls")

_MAX_FAILURES, _OPEN_S = 3, 2.0
_FAIR_TIMEOUT_S = 0.25  # a service that misses a shorter one may be well, unless it has long answered nobody
_SILENCE_S = 1.0
_ALIVE = (grpc.StatusCode.RESOURCE_EXHAUSTED, grpc.StatusCode.INVALID_ARGUMENT, grpc.StatusCode.FAILED_PRECONDITION)

ResponseT = TypeVar("ResponseT")


class GuardedCalls:
    """Calls that a dead service costs nothing: after a few failures it is left alone for a moment.

    clock returns seconds on a monotonic clock.
    """

    def __init__(self, name: str, clock: Callable[[], float] = time.monotonic) -> None:
        self._name = name
        self._clock = clock
        self._breaker = Breaker(_MAX_FAILURES, _OPEN_S, clock)
        self._late_since: float | None = None  # first late answer since the last answer at all

    @property
    def well(self) -> bool:
        """Whether the service is asked at all."""
        return self._breaker.closed

    def call(self, method: Callable[..., ResponseT], request: object, timeout_s: float) -> ResponseT:
        """The answer. Raises DeadlineExceeded when it is late, another CociteError when it fails."""
        if timeout_s <= 0.0:
            raise DeadlineExceeded(f"no time was left to ask the {self._name} service")
        if not self._breaker.allow():
            raise Unavailable(f"the {self._name} service failed repeatedly and is left alone for a moment")
        try:
            with Asking(self._name) as metadata, waiting():
                response = method(request, timeout=timeout_s, metadata=metadata)
        except grpc.RpcError as error:
            code = error.code() if isinstance(error, grpc.Call) else grpc.StatusCode.UNKNOWN
            translated = from_rpc_error(error)
            if code in _ALIVE:
                self._answered()
            elif code != grpc.StatusCode.DEADLINE_EXCEEDED or self._is_too_late(timeout_s):
                self._breaker.failed()
                log.warning("call failed", service=self._name, code=code.name, detail=translated.message)
            raise translated from error
        self._answered()
        return response

    def _answered(self) -> None:
        self._late_since = None
        self._breaker.succeeded()

    def _is_too_late(self, timeout_s: float) -> bool:
        """Whether the caller gave it a fair time, or nobody has had an answer for so long that none may be coming."""
        now = self._clock()
        since = self._late_since
        if since is None:
            self._late_since = since = now
        return timeout_s >= _FAIR_TIMEOUT_S or now - since >= _SILENCE_S
