"""The same as hedged_channel for an event loop."""

from __future__ import annotations  # grpc's classes are generic in their stubs only

import asyncio
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any

import grpc

from cocite.serving.hedge_budget import ATTEMPTS, UNSETTLED, Budget, is_read, pause
from cocite.serving.rotating_aio import RotatingAioChannel
from cocite.serving.rotating_channel import Metadata


class HedgedAioChannel:
    """channel, with reads hedged: the first answer counts, what else is under way is cancelled."""

    def __init__(self, channel: RotatingAioChannel) -> None:
        self._channel = channel
        self._budget = Budget()

    def unary_unary(self, method: str) -> Callable[..., Any]:
        """Calls a method, bytes for bytes."""
        asked = self._channel.unary_unary(method)
        return partial(self._raced, asked) if is_read(method) else asked

    async def close(self) -> None:
        """Hang up."""
        await self._channel.close()

    async def _raced(
        self, asked: Callable[..., Any], request: bytes, *, timeout: float, metadata: Metadata | None = None
    ) -> bytes:
        clock = asyncio.get_running_loop().time
        end = clock() + timeout
        self._budget.called()
        under_way = {asyncio.ensure_future(_answer(asked(request, timeout=timeout, metadata=metadata)))}
        attempts = 1
        hopeful = True  # that there may be more
        try:
            while True:
                hopeful = hopeful and attempts < ATTEMPTS
                done, under_way = await asyncio.wait(
                    under_way, timeout=pause(timeout) if hopeful else None, return_when=asyncio.FIRST_COMPLETED
                )
                for attempt in done:
                    if _code(attempt) not in UNSETTLED:
                        return attempt.result()
                gone = any(_code(attempt) is grpc.StatusCode.UNAVAILABLE for attempt in done)
                if hopeful and (gone or not done):
                    hopeful = self._budget.take()
                    if hopeful:
                        attempts += 1
                        again = asked(request, timeout=end - clock(), metadata=metadata)
                        under_way.add(asyncio.ensure_future(_answer(again)))
                if not under_way:
                    return done.pop().result()
        finally:
            for attempt in under_way:
                attempt.cancel()


async def _answer(call: Awaitable[bytes]) -> bytes:
    return await call


def _code(attempt: asyncio.Future[bytes]) -> grpc.StatusCode:
    """How an attempt has ended; what is no word of gRPC's counts as an answer too."""
    error = attempt.exception()
    return error.code() if isinstance(error, grpc.aio.AioRpcError) else grpc.StatusCode.OK
