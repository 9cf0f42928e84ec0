"""Requests to an ASGI application without a socket between, for tests in virtual time."""

import asyncio
from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass, field
from typing import Any

import orjson

from cocite.gateway.security import TOLD


@dataclass
class Exchange:
    """One request, and what has been answered so far."""

    scope: dict[str, Any]
    status: int = 0
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""

    @property
    def lines(self) -> list[dict[str, Any]]:
        """The body where each line is JSON."""
        return [orjson.loads(line) for line in self.body.splitlines()]

    async def send(self, message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            self.headers = {name.decode(): value.decode() for name, value in message["headers"]}
        else:
            self.body += message.get("body", b"")


def request(path: str, host: str = "192.0.2.1", method: str = "POST", **headers: str) -> Exchange:
    """A request from an address; "x_api_key" stands for the header x-api-key."""
    told = [(b"host", b"localhost")]
    told += [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
    scope = {"type": "http", "method": method, "path": path, "raw_path": path.encode(), "query_string": b""}
    scope |= {"http_version": "1.1", "scheme": "http", "server": ("localhost", 80), "client": (host, 1)}
    return Exchange({**scope, "headers": told, "root_path": "", TOLD: []})


async def pieces(*parts: bytes) -> AsyncIterator[bytes]:
    """A body that is there at once."""
    for part in parts:
        yield part


async def exchange(app, asked: Exchange, body: AsyncIterator[bytes] | None = None) -> Exchange:
    """Send a body, which ends with the iterator, and stay until the answer is whole."""
    parts = body or pieces()

    async def receive():
        try:
            return {"type": "http.request", "body": await anext(parts), "more_body": True}
        except StopAsyncIteration:
            pass
        if not asked.scope.get("sent"):
            asked.scope["sent"] = True
            return {"type": "http.request", "body": b"", "more_body": False}
        return await asyncio.Event().wait()

    await app(asked.scope, receive, asked.send)
    return asked


def ndjson(values: Iterable[Any]) -> bytes:
    return b"\n".join(value if isinstance(value, bytes) else orjson.dumps(value) for value in values)
