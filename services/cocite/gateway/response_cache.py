"""Answers that were given before, given again before anything is parsed.

An HTTP cache in front of the application, shared by all clients (RFC 9111): it keeps what the application calls public
in Cache-Control, for as long as it says at most, and lets go of all of it when the model changes. GET and POST are kept
by path, query, body and the headers that an answer varies by.
"""

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from cocite.serving.answer_memory import AnswerMemory

Message = MutableMapping[str, Any]
Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

_VARIES_BY = (b"content-type", b"content-encoding", b"accept-encoding", b"connect-protocol-version")
_MOST_BYTES = 1 << 20  # of an answer: larger ones are rare, and would drive many others out
_UNTOLD = {b"date", b"server", b"content-length", b"transfer-encoding"}


class Kept:
    """One answer: headers and body. Its length is its bytes."""

    __slots__ = ("body", "etag", "headers")

    def __init__(self, headers: list[tuple[bytes, bytes]], body: bytes) -> None:
        self.headers = [*headers, (b"content-length", str(len(body)).encode())]
        self.body = body
        self.etag = next((value for name, value in headers if name == b"etag"), b"")

    def __len__(self) -> int:
        return len(self.body) + sum(len(name) + len(value) for name, value in self.headers)

    async def send(self, send: Send, if_none_match: bytes) -> None:
        """Give the answer, or say that the client has it already."""
        if self.etag and if_none_match == self.etag:
            headers = [each for each in self.headers if each[0] != b"content-length"]
            await send({"type": "http.response.start", "status": 304, "headers": headers})
            await send({"type": "http.response.body", "body": b""})
            return
        await send({"type": "http.response.start", "status": 200, "headers": self.headers})
        await send({"type": "http.response.body", "body": self.body})


class ResponseCache:
    """Stands before app for the paths given; requests of more than most_bytes pass by."""

    def __init__(self, app: App, memory: AnswerMemory[Kept], paths: frozenset[str], most_bytes: int) -> None:
        self._app = app
        self._memory = memory
        self._paths = paths
        self._most_bytes = most_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """See ASGI."""
        if scope["type"] != "http" or scope["path"] not in self._paths or scope["method"] not in ("GET", "POST"):
            await self._app(scope, receive, send)
            return
        read = await _read(receive, self._most_bytes)
        replayed = _replayed(read, receive)
        body = b"".join(message.get("body", b"") for message in read)
        if read[-1].get("more_body") or read[-1]["type"] != "http.request":
            await self._app(scope, replayed, send)
            return
        told = dict(scope["headers"])
        method = f"{scope['method']} {scope['path']}"
        request = b"\0".join((scope["query_string"], *(told.get(name, b"") for name in _VARIES_BY), body))
        kept = self._memory.get(method, request)
        if kept is not None:
            await kept.send(send, told.get(b"if-none-match", b""))
            return
        model, recorder = self._memory.model, _Recorder(send)
        await self._app(scope, replayed, recorder)
        if model and (answer := recorder.answer()) is not None:
            self._memory.put(model, method, request, answer)


class _Recorder:
    """Passes on what is sent, and remembers it as long as it may be kept."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self._headers: list[tuple[bytes, bytes]] | None = None
        self._parts: list[bytes] = []
        self._size = 0
        self._ended = False

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = [(bytes(name).lower(), bytes(value)) for name, value in message.get("headers", ())]
            if message["status"] == 200 and b"public" in dict(headers).get(b"cache-control", b""):
                self._headers = [each for each in headers if each[0] not in _UNTOLD]
        elif message["type"] == "http.response.body" and self._headers is not None:
            self._parts.append(message.get("body", b""))
            self._size += len(self._parts[-1])
            self._ended = not message.get("more_body", False)
            if self._size > _MOST_BYTES:
                self._headers = None
        await self._send(message)

    def answer(self) -> Kept | None:
        """What was sent, None when it must not be kept, or was not sent to its end."""
        return Kept(self._headers, b"".join(self._parts)) if self._headers is not None and self._ended else None


async def _read(receive: Receive, most_bytes: int) -> list[Message]:
    """The messages of a request, to its end, or to where it is larger than most_bytes or breaks off."""
    messages, size = [], 0
    while True:
        messages.append(await receive())
        size += len(messages[-1].get("body", b""))
        if messages[-1]["type"] != "http.request" or not messages[-1].get("more_body") or size > most_bytes:
            return messages


def _replayed(read: list[Message], receive: Receive) -> Receive:
    """Gives what was read once more, then what comes."""
    waiting = iter(read)

    async def again() -> Message:
        message = next(waiting, None)
        return await receive() if message is None else message

    return again
