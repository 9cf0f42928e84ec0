"""A channel whose certificates may be replaced while calls are under way.

gRPC for Python gives a channel its certificates once. So new ones make a new channel beside the old: as soon as it is
connected calls go there, and the old one is closed when the calls on it have ended. New certificates that no server
takes change nothing.
"""

from __future__ import annotations  # grpc's classes are generic in their stubs only

import threading
from collections.abc import Callable
from functools import partial
from typing import Any, Self

import grpc
import structlog

from cocite.serving.tls_files import Material, TlsFiles

log = structlog.get_logger("cocite.tls")

Metadata = tuple[tuple[str, str | bytes], ...]
_READY = grpc.ChannelConnectivity.READY


class _Generation:
    """One channel, and how many calls are under way on it."""

    def __init__(self, channel: grpc.Channel) -> None:
        self.channel = channel
        self.hears: Callable[[grpc.ChannelConnectivity], None] | None = None  # of the state of the channel
        self._lock = threading.Lock()
        self._under_way = 0
        self._retired = False
        self._callables: dict[_Callable, Any] = {}

    def take(self) -> bool:
        """One more call; False where no more begin."""
        with self._lock:
            self._under_way += not self._retired
            return not self._retired

    def give_back(self) -> None:
        """One call has ended."""
        with self._lock:
            self._under_way -= 1
            last = self._retired and not self._under_way
        if last:
            self.channel.close()

    def retire(self) -> None:
        """Close the channel as soon as no call is under way."""
        with self._lock:
            self._retired = True
            idle = not self._under_way
        if idle:
            self.channel.close()

    def callable(self, of: _Callable) -> Any:
        """What calls a method here."""
        made = self._callables.get(of)
        if made is None:
            made = self._callables[of] = of.make(self.channel)
        return made


class RotatingChannel(grpc.Channel):
    """A channel made by open_with of what files hold, and anew when that changes; metadata goes with each call."""

    def __init__(
        self, open_with: Callable[[Material | None], grpc.Channel], files: TlsFiles | None, metadata: Metadata = ()
    ) -> None:
        self.metadata = metadata
        self._open_with = open_with
        self._files = files
        self._lock = threading.Lock()
        self._newest = files.current() if files else None
        self._current = _Generation(open_with(self._newest))
        self._pending: _Generation | None = None
        self._closed = False

    def lend(self) -> _Generation:
        """Where a call is made now; whoever asks gives it back."""
        if self._files is not None and (material := self._files.current()) is not self._newest:
            self._replace(material)
        while not (current := self._current).take():  # it retired after it was read: another is there
            pass
        return current

    def close(self) -> None:
        """See grpc.Channel."""
        with self._lock:
            self._closed = True
            pending, self._pending = self._pending, None
        if pending:
            pending.channel.close()
        self._current.channel.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def unary_unary(self, method: str, *of: Any, **more: Any) -> Any:
        """See grpc.Channel."""
        return _Unary(self, lambda channel: channel.unary_unary(method, *of, **more))

    def unary_stream(self, method: str, *of: Any, **more: Any) -> Any:
        """See grpc.Channel."""
        return _Stream(self, lambda channel: channel.unary_stream(method, *of, **more))

    def stream_unary(self, method: str, *of: Any, **more: Any) -> Any:
        """See grpc.Channel."""
        return _Unary(self, lambda channel: channel.stream_unary(method, *of, **more))

    def stream_stream(self, method: str, *of: Any, **more: Any) -> Any:
        """See grpc.Channel."""
        return _Stream(self, lambda channel: channel.stream_stream(method, *of, **more))

    def subscribe(
        self, callback: Callable[[grpc.ChannelConnectivity], None], try_to_connect: bool | None = False
    ) -> None:
        """See grpc.Channel; tells of the channel that is used now."""
        self._current.channel.subscribe(callback, bool(try_to_connect))

    def unsubscribe(self, callback: Callable[[grpc.ChannelConnectivity], None]) -> None:
        """See grpc.Channel."""
        self._current.channel.unsubscribe(callback)

    def _replace(self, material: Material) -> None:
        with self._lock:
            if self._closed or material is self._newest:
                return
            self._newest = material
            late, self._pending = self._pending, _Generation(self._open_with(material))
            pending = self._pending
        if late:
            late.channel.close()
        pending.hears = partial(self._heard, pending)
        pending.channel.subscribe(pending.hears, try_to_connect=True)

    def _heard(self, pending: _Generation, state: grpc.ChannelConnectivity) -> None:
        if state is not _READY:
            return
        with self._lock:
            if pending is not self._pending:
                return
            old, self._current, self._pending = self._current, pending, None
        if pending.hears:
            pending.channel.unsubscribe(pending.hears)  # else a thread goes on asking for its state
        log.info("connected with new certificates")
        old.retire()


class _Callable:
    """A method that is called on whatever channel is used then."""

    def __init__(self, channel: RotatingChannel, make: Callable[[grpc.Channel], Any]) -> None:
        self.make = make
        self._channel = channel

    def _now(self, name: str, *given: Any, metadata: Any = None, **more: Any) -> Any:
        """The outcome of a call that is waited for."""
        generation = self._channel.lend()
        try:
            return getattr(generation.callable(self), name)(*given, metadata=self._with_ours(metadata), **more)
        finally:
            generation.give_back()

    def _later(self, name: str, *given: Any, metadata: Any = None, **more: Any) -> Any:
        """A call that goes on."""
        generation = self._channel.lend()
        try:
            call = getattr(generation.callable(self), name)(*given, metadata=self._with_ours(metadata), **more)
            goes_on = call.add_callback(generation.give_back)
        except BaseException:
            generation.give_back()
            raise
        if not goes_on:
            generation.give_back()
        return call

    def _with_ours(self, metadata: Any) -> Any:
        ours = self._channel.metadata
        return (*(metadata or ()), *ours) if ours else metadata


class _Unary(_Callable):
    def __call__(self, request: Any, timeout: float | None = None, metadata: Any = None, **more: Any) -> Any:
        return self._now("__call__", request, timeout=timeout, metadata=metadata, **more)

    def with_call(self, request: Any, timeout: float | None = None, metadata: Any = None, **more: Any) -> Any:
        return self._now("with_call", request, timeout=timeout, metadata=metadata, **more)

    def future(self, request: Any, timeout: float | None = None, metadata: Any = None, **more: Any) -> Any:
        return self._later("future", request, timeout=timeout, metadata=metadata, **more)


class _Stream(_Callable):
    def __call__(self, request: Any, timeout: float | None = None, metadata: Any = None, **more: Any) -> Any:
        return self._later("__call__", request, timeout=timeout, metadata=metadata, **more)
