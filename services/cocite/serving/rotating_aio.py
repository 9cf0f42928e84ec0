"""The same as rotating_channel for an event loop."""

from __future__ import annotations  # grpc's classes are generic in their stubs only

import asyncio
from collections.abc import Callable
from typing import Any

import grpc

from cocite.serving.rotating_channel import Metadata
from cocite.serving.tls_files import Material, TlsFiles

_LONGEST_CALL_S = 3600.0  # that an old channel is kept for


class RotatingAioChannel:
    """Unary calls by a channel made by open_with of what files hold, and anew when that changes.

    metadata goes with each call. To be used in the event loop in which it was made.
    """

    def __init__(
        self, open_with: Callable[[Material | None], grpc.aio.Channel], files: TlsFiles | None, metadata: Metadata = ()
    ) -> None:
        self._open_with = open_with
        self._files = files
        self._metadata = metadata
        self._newest = files.current() if files else None
        self._channel = open_with(self._newest)
        self._calls: dict[str, Any] = {}  # of the channel, by method
        self._replacing: asyncio.Task[None] | None = None
        self._leaving: set[asyncio.Task[None]] = set()

    def unary_unary(self, method: str) -> Callable[..., Any]:
        """Calls a method, bytes for bytes."""

        def call(request: bytes, *, timeout: float, metadata: Metadata | None = None) -> Any:
            if self._files is not None and (material := self._files.current()) is not self._newest:
                self._replace(material)
            made = self._calls.get(method)
            if made is None:
                made = self._calls[method] = self._channel.unary_unary(method)
            return made(request, timeout=timeout, metadata=(*(metadata or ()), *self._metadata))

        return call

    async def close(self) -> None:
        """Hang up."""
        for task in (self._replacing, *self._leaving):
            if task is not None:
                task.cancel()
        await self._channel.close()

    def _replace(self, material: Material) -> None:
        self._newest = material
        if self._replacing is not None:
            self._replacing.cancel()
        self._replacing = asyncio.create_task(self._connect(self._open_with(material)))

    async def _connect(self, channel: grpc.aio.Channel) -> None:
        try:
            await channel.channel_ready()
        except BaseException:
            await channel.close()
            raise
        old, self._channel, self._calls = self._channel, channel, {}
        leaving = asyncio.create_task(_leave(old))
        self._leaving.add(leaving)
        leaving.add_done_callback(self._leaving.discard)


async def _leave(channel: grpc.aio.Channel) -> None:
    """Close a channel when its calls have ended."""
    try:
        await channel.close(_LONGEST_CALL_S)
    except asyncio.CancelledError:
        await channel.close()
        raise
