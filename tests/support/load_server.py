"""A real gRPC server whose answers a request chooses, and what it saw."""

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import grpc

from cocite.load.requests import Call

PATH = "/test.Service/Method"


@dataclass
class LoadServer(grpc.GenericRpcHandler):
    """Answers "ok:SIZE" with SIZE bytes, "fail:CODE:TEXT" with that status, "hang" when it is let go."""

    port: int = 0
    seen: list[dict[str, Any]] = field(default_factory=list)
    let_go: threading.Event = field(default_factory=threading.Event)

    def service(self, details: Any) -> Any:
        return grpc.unary_unary_rpc_method_handler(
            lambda request, context: self._answer(details.method, request, context)
        )

    def _answer(self, path: str, request: bytes, context: Any) -> bytes:
        told = {"path": path, "request": request, "peer": context.peer(), "left": context.time_remaining()}
        self.seen.append(told | dict(context.invocation_metadata()))
        kind, _, rest = request.partition(b":")
        if kind == b"fail":
            code, _, text = rest.decode().partition(":")
            context.abort(grpc.StatusCode[code], text)
        if kind == b"hang":
            self.let_go.wait(60)
        return b"x" * int(rest or 0)


@contextmanager
def load_server(**options: int) -> Iterator[LoadServer]:
    """A running one; options are those of gRPC without their "grpc."."""
    asked = LoadServer()
    running = grpc.server(ThreadPoolExecutor(8), options=[(f"grpc.{name}", value) for name, value in options.items()])
    running.add_generic_rpc_handlers((asked,))
    asked.port = running.add_insecure_port("127.0.0.1:0")
    running.start()
    try:
        yield asked
    finally:
        stopped = running.stop(0)
        asked.let_go.set()
        stopped.wait()


def call(text: str, padding: int = 0) -> Call:
    """A call that LoadServer answers as text says; padding makes it longer."""
    return Call(PATH, text.encode() + b" " * padding)
