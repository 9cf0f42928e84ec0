"""A channel that asks a read again, of the next backend, when nothing is heard for a share of the call's time."""

from __future__ import annotations  # grpc's classes are generic in their stubs only

import time
import weakref
from collections.abc import Callable
from typing import Any, Self

import grpc

from cocite.serving.hedge_budget import Budget, is_read, pause
from cocite.serving.hedge_watch import Watch
from cocite.serving.hedged_call import Race


class HedgedChannel(grpc.Channel):
    """channel, with reads hedged: the first answer counts, what else is under way is cancelled."""

    def __init__(self, channel: grpc.Channel) -> None:
        self._channel = channel
        self._budget = Budget()
        self._watch = Watch()

    def unary_unary(self, method: str, *of: Any, **more: Any) -> Any:
        """See grpc.Channel."""
        asked = self._channel.unary_unary(method, *of, **more)
        return _Hedged(asked, self._budget, self._watch) if is_read(method) else asked

    def unary_stream(self, *of: Any, **more: Any) -> Any:
        """See grpc.Channel."""
        return self._channel.unary_stream(*of, **more)

    def stream_unary(self, *of: Any, **more: Any) -> Any:
        """See grpc.Channel."""
        return self._channel.stream_unary(*of, **more)

    def stream_stream(self, *of: Any, **more: Any) -> Any:
        """See grpc.Channel."""
        return self._channel.stream_stream(*of, **more)

    def subscribe(
        self, callback: Callable[[grpc.ChannelConnectivity], None], try_to_connect: bool | None = False
    ) -> None:
        """See grpc.Channel."""
        self._channel.subscribe(callback, bool(try_to_connect))

    def unsubscribe(self, callback: Callable[[grpc.ChannelConnectivity], None]) -> None:
        """See grpc.Channel."""
        self._channel.unsubscribe(callback)

    def close(self) -> None:
        """See grpc.Channel."""
        self._watch.close()
        self._channel.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class _Hedged:
    """A read."""

    def __init__(self, asked: Any, budget: Budget, watch: Watch) -> None:
        self._asked, self._budget, self._watch = asked, budget, watch

    def __call__(self, request: Any, timeout: float | None = None, **more: Any) -> Any:
        if timeout is None:
            return self._asked(request, **more)
        return self.future(request, timeout, **more).result()

    def with_call(self, request: Any, timeout: float | None = None, **more: Any) -> Any:
        if timeout is None:
            return self._asked.with_call(request, **more)
        call = self.future(request, timeout, **more)
        return call.result(), call

    def future(self, request: Any, timeout: float | None = None, **more: Any) -> Any:
        if timeout is None:
            return self._asked.future(request, **more)
        begun = time.monotonic()
        self._budget.called()
        race = Race(lambda spent_s: self._asked.future(request, timeout=timeout - spent_s, **more), begun, self._budget)
        self._watch.add(weakref.WeakMethod(race.again), begun, pause(timeout))
        return race
