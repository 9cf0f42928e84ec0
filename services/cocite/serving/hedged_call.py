"""A call that is made of attempts, the first answer to which counts."""

from __future__ import annotations  # grpc's classes are generic in their stubs only

import threading
import time
from collections.abc import Callable
from typing import Any

import grpc

from cocite.serving.hedge_budget import ATTEMPTS, UNSETTLED, Budget


class Race(grpc.Future, grpc.Call):  # type: ignore[type-arg]  # generic in its stubs only
    """One call, made of attempts. attempt(seconds since it began) makes one; again makes one more while none won."""

    def __init__(self, attempt: Callable[[float], Any], begun: float, budget: Budget) -> None:
        self._attempt, self._begun, self._budget = attempt, begun, budget
        self._lock = threading.Lock()
        self._won = threading.Event()
        self._under_way: list[Any] = []
        self._attempts = 0
        self._given_up = False
        self._callbacks: list[Callable[[], None]] = []
        self._best: Any = None
        self._enter(0.0)

    def again(self) -> bool:
        """One more attempt, where none has won and the budget allows; whether there may be yet another."""
        over = self._won.is_set() or self._given_up or self._attempts >= ATTEMPTS
        if over or not self._budget.take():
            return False
        try:
            self._enter(time.monotonic() - self._begun)
        except ValueError:  # what grpc says of a channel that has been closed meanwhile
            return False
        return True

    def _enter(self, spent_s: float) -> None:
        attempt = self._attempt(spent_s)
        with self._lock:
            late = self._won.is_set() or self._given_up
            self._attempts += 1
            self._under_way.append(attempt)
            self._best = attempt if self._best is None else self._best
        if late:
            attempt.cancel()
        attempt.add_done_callback(self._ended)

    def _ended(self, attempt: Any) -> None:
        if attempt.code() is grpc.StatusCode.UNAVAILABLE:  # its connection broke, as that of others may have not
            self.again()
        with self._lock:
            self._under_way.remove(attempt)
            if self._won.is_set() or (self._under_way and attempt.code() in UNSETTLED):
                return
            self._best = attempt
            losers, callbacks = list(self._under_way), self._callbacks
            self._won.set()
        for loser in losers:
            loser.cancel()
        for callback in callbacks:
            callback()

    def result(self, timeout: float | None = None) -> Any:
        """See grpc."""
        self._wait(timeout)
        return self._best.result()

    def exception(self, timeout: float | None = None) -> Any:
        """See grpc."""
        self._wait(timeout)
        return self._best.exception()

    def traceback(self, timeout: float | None = None) -> Any:
        """See grpc."""
        self._wait(timeout)
        return self._best.traceback()

    def code(self) -> Any:
        """See grpc."""
        self._wait(None)
        return self._best.code()

    def details(self) -> Any:
        """See grpc."""
        self._wait(None)
        return self._best.details()

    def initial_metadata(self) -> Any:
        """See grpc."""
        self._wait(None)
        return self._best.initial_metadata()

    def trailing_metadata(self) -> Any:
        """See grpc."""
        self._wait(None)
        return self._best.trailing_metadata()

    def cancel(self) -> bool:
        """See grpc."""
        with self._lock:
            self._given_up = True
            attempts = list(self._under_way)
        for attempt in attempts:
            attempt.cancel()
        return bool(attempts)

    def cancelled(self) -> bool:
        """See grpc."""
        return self.done() and bool(self._best.cancelled())

    def done(self) -> bool:
        """See grpc."""
        return self._won.is_set()

    def running(self) -> bool:
        """See grpc."""
        return not self.done()

    def is_active(self) -> bool:
        """See grpc."""
        return not self.done()

    def time_remaining(self) -> Any:
        """See grpc."""
        return self._best.time_remaining()

    def add_callback(self, callback: Callable[[], None]) -> bool:
        """See grpc."""
        with self._lock:
            if not self._won.is_set():
                self._callbacks.append(callback)
                return True
        return False

    def add_done_callback(self, fn: Callable[[Any], None]) -> None:
        """See grpc."""
        if not self.add_callback(lambda: fn(self)):
            fn(self)

    def _wait(self, timeout: float | None) -> None:
        if not self._won.wait(timeout):
            raise grpc.FutureTimeoutError
