"""The gateway's HTTP server around an application of a test's, and clients that see every byte and header of it."""

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection
from typing import Any

import orjson
import uvicorn

from cocite.core.settings import Settings
from cocite.gateway.main import configured
from cocite.gateway.methods import open_methods
from cocite.gateway.protection import protected
from cocite.gateway.response_cache import App, Receive, Scope, Send
from cocite.gateway.transcoding import routes_of

READ, EMBED = "/v1/papers:recommend", "/v1/embeddings"


@dataclass(frozen=True)
class Answered:
    """An answer; json is its body where that is JSON."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return orjson.loads(self.body)


class Server:
    """Where a running gateway is reached."""

    def __init__(self, port: int) -> None:
        self.port = port

    def ask(self, path: str = READ, method: str = "GET", body: bytes | None = None, **headers: str) -> Answered:
        """One request on a connection of its own; "x_api_key" stands for the header x-api-key."""
        connection = HTTPConnection("127.0.0.1", self.port, timeout=10)
        try:
            connection.request(method, path, body, {name.replace("_", "-"): text for name, text in headers.items()})
            answer = connection.getresponse()
            told: dict[str, str] = {}
            for name, value in answer.getheaders():
                told[name.lower()] = f"{told[name.lower()]}, {value}" if name.lower() in told else value
            return Answered(answer.status, told, answer.read())
        finally:
            connection.close()

    @contextmanager
    def connected(self) -> Iterator[socket.socket]:
        """A bare connection."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=10) as bare:
            yield bare


def read_all(bare: socket.socket) -> bytes:
    """What comes until the server hangs up."""
    parts = []
    while part := bare.recv(65536):
        parts.append(part)
    return b"".join(parts)


async def saying_ok(scope: Scope, receive: Receive, send: Send) -> None:
    """An application that reads a request to its end, and answers how many bytes it had."""
    if scope["type"] == "lifespan":
        for kind in ("startup", "shutdown"):
            await receive()
            await send({"type": f"lifespan.{kind}.complete"})
        return
    size = 0
    while (message := await receive())["type"] == "http.request":
        size += len(message["body"])
        if not message["more_body"]:
            break
    text = b"%d" % size
    headers = [(b"content-type", b"text/plain"), (b"content-length", b"%d" % len(text))]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": text})


@contextmanager
def gateway_server(settings: Settings, app: App = saying_ok) -> Iterator[Server]:
    """app behind all layers of the gateway, on a free port."""
    methods = open_methods()
    rest = list(routes_of(methods.values()))
    with serving(settings, protected(app, settings, methods.values(), rest)) as server:
        yield server


@contextmanager
def serving(settings: Settings, app: App) -> Iterator[Server]:
    """app as it is, on a free port, served as the gateway is."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        server = uvicorn.Server(configured(settings, lambda: app))
        thread = threading.Thread(target=server.run, args=([listening],), name="uvicorn")
        thread.start()
        try:
            while not server.started:
                assert thread.is_alive()
                time.sleep(0.01)
            yield Server(listening.getsockname()[1])
        finally:
            server.should_exit = True
            thread.join()
