"""Answers that were given before, given again before anything is parsed.

An HTTP cache in front of the application, shared by all clients (RFC 9111): it keeps what the application calls public
in Cache-Control, for as long as it says at most, and lets go of all of it when the model changes. GET and POST are kept
by path, query, body and the headers that an answer varies by, compressed if the client takes that; Age says for how
long it has been here. A client that has the answer already (If-None-Match) is told so, whether it was here or not.
"""

import time
from collections.abc import Awaitable, Callable, Iterable, MutableMapping
from typing import Any

from cocite.gateway.encodings import takes_gzip
from cocite.gateway.timeouts import HEADER as TIMEOUT
from cocite.gateway.timeouts import is_timeout
from cocite.serving.answer_memory import AnswerMemory

Message = MutableMapping[str, Any]
Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

_VARIES_BY = (
    *(b"content-type", b"content-encoding", b"connect-protocol-version"),
    *(b"grpc-encoding", b"grpc-accept-encoding"),
)
_DECIDING = {*_VARIES_BY, b"accept-encoding", TIMEOUT}
_MOST_BYTES = 1 << 20  # of an answer: larger ones are rare, and would drive many others out
_UNTOLD = {b"date", b"server", b"content-length", b"transfer-encoding"}
_OF_304 = {b"etag", b"cache-control", b"vary", b"age"}
_METHODS = ("GET", "HEAD", "POST")


class Kept:
    """One answer: headers, body, and when it came, in seconds. Its length is its bytes."""

    __slots__ = ("at", "body", "etag", "headers")

    def __init__(self, headers: list[tuple[bytes, bytes]], body: bytes, at: float) -> None:
        self.at = at
        self.headers = [*headers, (b"content-length", str(len(body)).encode())]
        self.body = body
        self.etag = next((value for name, value in headers if name == b"etag"), b"")

    def __len__(self) -> int:
        return len(self.body) + sum(len(name) + len(value) for name, value in self.headers)

    async def send(self, send: Send, method: str, if_none_match: bytes, age_s: float | None = None) -> None:
        """Give the answer, or say that the client has it already, in the way of a GET, HEAD or POST.

        age_s: for how long it has been kept, None for an answer that has just come.
        """
        status, headers, body = 200, [*self.headers], self.body
        if age_s is not None:
            headers.append((b"age", b"%d" % age_s))
        if if_none_match and method != "POST" and _matches(if_none_match, self.etag):
            status, body = 304, b""
            headers = [each for each in headers if each[0] in _OF_304]
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": b"" if method == "HEAD" else body})


class ResponseCache:
    """Stands before app for the paths given; requests of more than most_bytes pass by.

    on_hit and on_miss are called for each request of which an answer was looked for. clock returns seconds on a
    monotonic clock.
    """

    def __init__(
        self,
        app: App,
        memory: AnswerMemory[Kept],
        paths: frozenset[str],
        most_bytes: int,
        clock: Callable[[], float] = time.monotonic,
        on_hit: Callable[[], object] = int,
        on_miss: Callable[[], object] = int,
    ) -> None:
        self._app = app
        self._clock = clock
        self._memory = memory
        self._paths = paths
        self._most_bytes = most_bytes
        self._on_hit = on_hit
        self._on_miss = on_miss

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """See ASGI."""
        if scope["type"] != "http" or scope["path"] not in self._paths or scope["method"] not in _METHODS:
            await self._app(scope, receive, send)
            return
        told = dict(scope["headers"])
        ambiguous = len(told) < len(scope["headers"]) and _is_ambiguous(scope["headers"])
        if ambiguous or not is_timeout(told.get(TIMEOUT, b"0")):  # the application says what is wrong
            await self._app(scope, receive, send)
            return
        read, whole = await _read(receive, self._most_bytes)
        replayed = _replayed(read, receive)
        if not whole:
            await self._app(scope, replayed, send)
            return
        method, if_none_match = scope["method"], told.get(b"if-none-match", b"")
        kept_as = f"{'POST' if method == 'POST' else 'GET'} {scope['path']}"
        request = b"\0".join(  # of these only the body, which is last, may hold a zero
            (
                scope["query_string"],
                *(told.get(name, b"") for name in _VARIES_BY),
                b"gzip" if takes_gzip(told.get(b"accept-encoding", b"")) else b"",
                b"".join(message.get("body", b"") for message in read),
            )
        )
        kept = self._memory.get(kept_as, request)
        if kept is not None:
            self._on_hit()
            await kept.send(send, method, if_none_match, self._clock() - kept.at)
            return
        self._on_miss()
        model, recorder = self._memory.model, _Recorder(send, method, if_none_match, self._clock)
        await self._app(scope, replayed, recorder)
        if model and recorder.kept is not None and method != "HEAD":
            self._memory.put(model, kept_as, request, recorder.kept)


class _Recorder:
    """Holds back what may be kept until it is whole; passes on all else."""

    def __init__(self, send: Send, method: str, if_none_match: bytes, clock: Callable[[], float]) -> None:
        self._send = send
        self._method = method
        self._if_none_match = if_none_match
        self._clock = clock
        self._start: Message | None = None
        self._parts: list[bytes] = []
        self._size = 0
        self.kept: Kept | None = None  # the answer, when it may be kept and is whole

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start" and _is_public(message):
            self._start = message
        elif message["type"] == "http.response.body" and self._start is not None:
            await self._take(self._start, message)
        else:
            await self._send(message)

    async def _take(self, start: Message, message: Message) -> None:
        self._parts.append(message.get("body", b""))
        self._size += len(self._parts[-1])
        if self._size > _MOST_BYTES:
            self._start = None
            await self._send(start)
            await self._send({**message, "body": b"".join(self._parts)})
        elif not message.get("more_body", False):
            headers = [(bytes(name).lower(), bytes(value)) for name, value in start["headers"]]
            told = [each for each in headers if each[0] not in _UNTOLD]
            self.kept = Kept(told, b"".join(self._parts), self._clock())
            await self.kept.send(self._send, self._method, self._if_none_match)


def _is_ambiguous(headers: Iterable[tuple[bytes, bytes]]) -> bool:
    """Whether a header that decides is there twice: the application may go by the one, we by the other."""
    deciding = [name for name, _ in headers if name in _DECIDING]
    return len(deciding) != len(set(deciding))


def _is_public(start: Message) -> bool:
    told = {bytes(name).lower(): bytes(value) for name, value in start.get("headers", ())}
    return start["status"] == 200 and b"public" in told.get(b"cache-control", b"")


def _matches(if_none_match: bytes, etag: bytes) -> bool:
    """Whether the header names the answer, by weak comparison (RFC 9110, 13.1.2)."""
    if not etag:
        return False
    given = [each.strip().removeprefix(b"W/") for each in if_none_match.split(b",")]
    return given == [b"*"] or etag.removeprefix(b"W/") in given


async def _read(receive: Receive, most_bytes: int) -> tuple[list[Message], bool]:
    """The messages of a request, as far as most_bytes go or to where it breaks off; whether that is all of it."""
    messages, size = [], 0
    while True:
        messages.append(await receive())
        size += len(messages[-1].get("body", b""))
        if messages[-1]["type"] != "http.request" or size > most_bytes:
            return messages, False
        if not messages[-1].get("more_body"):
            return messages, True


def _replayed(read: list[Message], receive: Receive) -> Receive:
    """Gives what was read once more, then what comes."""
    waiting = iter(read)

    async def again() -> Message:
        message = next(waiting, None)
        return await receive() if message is None else message

    return again
