"""Answers for HTTP/1.0, which knows no chunks: they go out once their length is known."""

from cocite.core.errors import Unavailable
from cocite.gateway.response_cache import Message, Send

_MOST_BYTES = 16 << 20


class Unchunked:
    """A send() that holds an answer back unless it tells its length. Raises Unavailable for one of too many bytes."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self._start: Message | None = None
        self._parts: list[bytes] = []
        self._size = 0

    async def __call__(self, message: Message) -> None:
        """See ASGI."""
        if message["type"] == "http.response.start" and not any(
            name.lower() == b"content-length" for name, _ in message.get("headers", ())
        ):
            self._start = message
        elif self._start is None:
            await self._send(message)
        else:
            await self._take(self._start, message)

    async def _take(self, start: Message, message: Message) -> None:
        self._parts.append(message.get("body", b""))
        self._size += len(self._parts[-1])
        if self._size > _MOST_BYTES:
            raise Unavailable(f"the answer has more than {_MOST_BYTES} bytes", hint="ask by HTTP/1.1")
        if not message.get("more_body", False):
            length = (b"content-length", b"%d" % self._size)
            await self._send({**start, "headers": [*start.get("headers", ()), length]})
            await self._send({**message, "body": b"".join(self._parts)})
