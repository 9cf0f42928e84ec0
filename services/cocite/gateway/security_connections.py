"""HTTP/1.1 connections with bounds that uvicorn has not: on heads, on answers nobody takes, on how many there are."""

import asyncio
from functools import partial
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from cocite.core.errors import InvalidArgument, Overloaded
from cocite.gateway.addresses import UNKNOWN, household_of
from cocite.gateway.http_errors import error_response
from cocite.gateway.refusals import refusal
from cocite.gateway.response_cache import App, Receive, Scope, Send
from cocite.gateway.security import REQUEST_ID, Security, new_id, with_ours
from cocite.gateway.security_crowd import Crowd
from cocite.gateway.security_guard import LOOKS

HEAD_S = 10.0  # from the connection, or a head's first byte, to its last
MOST_HEAD_BYTES = 64 << 10
TAKEN_S = 30.0  # that a client may take before it reads on
_LEAST_RATE = 32 << 10  # bytes a second: what an answer is given time for beyond that
_CLOSE = (b"connection", b"close")


class BoundedHttp(HttpToolsProtocol):
    """Cuts a connection whose head is too long in coming, or too long, or whose answers are not taken."""

    def __init__(self, crowd: Crowd, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._crowd = crowd
        self._in_head = True
        self._head_bytes = 0
        self._cut: asyncio.TimerHandle | None = None
        self._untaken: asyncio.TimerHandle | None = None
        self._idle_since: float | None = None
        self.host = self.household = UNKNOWN

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn has it
        """See asyncio.Protocol."""
        super().connection_made(transport)
        if self.client:
            self.host = self.client[0]
            self.household = household_of(self.host)
        self._idle_since = self.loop.time()
        self._cut = self.loop.call_later(HEAD_S, transport.close)
        if not self._crowd.enter(self):
            self.app = Security(partial(_turned_away, self.app))

    def connection_lost(self, exc: Exception | None) -> None:
        """See asyncio.Protocol."""
        self._crowd.leave(self)
        self._uncut()
        self.resume_writing()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """See asyncio.Protocol."""
        super().data_received(data)
        if not self._in_head or self.transport.is_closing():
            self._uncut()
            return
        self._head_bytes += len(data)
        if self._head_bytes > MOST_HEAD_BYTES:
            self.send_400_response("The head of the request is too long.")
        elif self._cut is None:
            self._cut = self.loop.call_later(HEAD_S, self.transport.close)

    def on_message_begin(self) -> None:
        """See httptools."""
        super().on_message_begin()
        self._in_head, self._head_bytes = True, 0

    def on_headers_complete(self) -> None:
        """See httptools."""
        self._in_head, self._idle_since = False, None
        super().on_headers_complete()

    def on_response_complete(self) -> None:
        """See uvicorn."""
        super().on_response_complete()
        if self.cycle.response_complete:  # else another request waits behind it
            self._idle_since = self.loop.time()

    def pause_writing(self) -> None:
        """See asyncio.Protocol."""
        super().pause_writing()
        long_s = TAKEN_S + self.transport.get_write_buffer_size() / _LEAST_RATE
        self._untaken = self._untaken or self.loop.call_later(long_s, self.cut)

    def resume_writing(self) -> None:
        """See asyncio.Protocol."""
        super().resume_writing()
        if self._untaken is not None:
            self._untaken.cancel()
            self._untaken = None

    def send_400_response(self, msg: str) -> None:
        """See uvicorn; in our form. In the middle of an answer nothing can be said."""
        cycle = self.cycle
        if cycle is None or cycle.response_complete or not (cycle.response_started or self.pipeline):
            answer = error_response(InvalidArgument(f"request: {msg}"))
            headers = with_ours(answer.raw_headers, [(REQUEST_ID, new_id()), _CLOSE])
            lines = [b"HTTP/1.1 400 Bad Request", *(b"%b: %b" % header for header in headers), b"", bytes(answer.body)]
            self.transport.write(b"\r\n".join(lines))
        self.transport.close()

    def idle_s(self) -> float | None:
        """See security_crowd. One that is closed, and has something to say that nobody takes, counts as idle, too."""
        if self._idle_since is None:
            return float("inf") if self.transport.is_closing() else None
        return self.loop.time() - self._idle_since

    def cut(self) -> None:
        """See security_crowd."""
        self.transport.abort()

    def _uncut(self) -> None:
        if self._cut is not None:
            self._cut.cancel()
            self._cut = None


async def _turned_away(app: App, scope: Scope, receive: Receive, send: Send) -> None:
    """The answer on a connection more than its household may have; app gives it where it has to be given."""
    if scope["path"] in LOOKS:
        await app(scope, receive, send)
        return
    response = refusal(scope, Overloaded("too many requests from this address are under way", retry_after_s=1))
    response.headers["connection"] = "close"
    await response(scope, receive, send)
