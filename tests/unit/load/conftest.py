"""A real gRPC server whose answers a request chooses."""

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

import grpc
import pytest

from cocite.load.requests import Call

PATH = "/test.Service/Method"


@dataclass
class Asked(grpc.GenericRpcHandler):
    """Answers "ok:SIZE" with SIZE bytes, "fail:CODE:TEXT" with a status, "hang" when it is let go."""

    port: int = 0
    metadata: list[dict[str, Any]] = field(default_factory=list)
    paths: list[str] = field(default_factory=list)
    let_go: threading.Event = field(default_factory=threading.Event)

    def service(self, details):
        self.paths.append(details.method)
        return grpc.unary_unary_rpc_method_handler(self.answer)

    def answer(self, request: bytes, context: grpc.ServicerContext) -> bytes:
        self.metadata.append({**dict(context.invocation_metadata()), "left": context.time_remaining()})
        kind, _, rest = request.decode().partition(":")
        if kind == "fail":
            code, _, text = rest.partition(":")
            context.abort(grpc.StatusCode[code], text)
        if kind == "hang":
            self.let_go.wait(60)
        return b"x" * int(rest or 0)


@pytest.fixture
def server() -> Iterator[Asked]:
    yield from serve(())


def serve(options: tuple[tuple[str, Any], ...]) -> Iterator[Asked]:
    asked = Asked()
    running = grpc.server(ThreadPoolExecutor(8), options=options)
    running.add_generic_rpc_handlers((asked,))
    asked.port = running.add_insecure_port("127.0.0.1:0")
    running.start()
    try:
        yield asked
    finally:
        asked.let_go.set()
        running.stop(0).wait()


def call(text: str) -> Call:
    return Call(PATH, text.encode())
