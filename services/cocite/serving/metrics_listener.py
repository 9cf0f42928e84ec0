"""Where Prometheus reads what a process tells of itself: a listener of its own, off unless an address is set."""

import socket
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import structlog
from prometheus_client import CollectorRegistry, PlatformCollector, ProcessCollector
from prometheus_client.exposition import choose_encoder
from prometheus_client.registry import Collector

from cocite.core.errors import InvalidArgument, Unavailable

log = structlog.get_logger("cocite.metrics")

SETTING = "COCITE_METRICS_LISTEN"
PATH = "/metrics"
SILENCE_S = 5.0  # that a client is waited for; there is one thread, scrapes are seldom
_UNIX = "unix:"


@contextmanager
def listening(address: str, collectors: Iterable[Collector], *, of_process: bool = True) -> Iterator[str]:
    """Answer scrapes at "host:port" or "unix:path" meanwhile; gives the address, with the real port where 0 was asked.

    of_process: tell CPU, memory and files of this process, too. Raises Unavailable when the address is taken,
    InvalidArgument when it is none.
    """
    registry = CollectorRegistry(auto_describe=False)
    if of_process:
        ProcessCollector(registry=registry)
        PlatformCollector(registry=registry)
    for collector in collectors:
        registry.register(collector)
    server = _open(address, registry)
    told = address if address.startswith(_UNIX) else f"{address.rpartition(':')[0]}:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, name="metrics", daemon=True)
    thread.start()
    log.info("metrics", address=told)
    try:
        yield told
    finally:
        server.shutdown()
        server.server_close()
        if address.startswith(_UNIX):
            Path(address.removeprefix(_UNIX)).unlink(missing_ok=True)


def _open(address: str, registry: CollectorRegistry) -> HTTPServer:
    class Scraped(_Scraped):
        collected = registry

    try:
        if address.startswith(_UNIX):
            return _OnSocketFile(address.removeprefix(_UNIX), Scraped)
        host, _, port = address.rpartition(":")
        if not host or not port.isdecimal() or int(port) > 0xFFFF:
            raise InvalidArgument(f"{SETTING}: write it as host:port", field=SETTING)
        kind = _OnIpv6 if ":" in host else _Server
        return kind((host.strip("[]"), int(port)), Scraped)
    except OSError as error:
        raise Unavailable(
            f"cannot listen on {address} for metrics", hint=f"is another process there? See {SETTING}"
        ) from error


class _Server(HTTPServer):
    def server_bind(self) -> None:
        """Bind without asking name servers how the host is called, as HTTPServer does."""
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.socket.bind(self.server_address)
        self.server_address = self.socket.getsockname()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing of clients that hang up."""
        log.debug("scrape broke off", exc_info=True)


class _OnIpv6(_Server):
    address_family = socket.AF_INET6


class _OnSocketFile(_Server):
    address_family = socket.AF_UNIX

    def __init__(self, path: str, handler: type[BaseHTTPRequestHandler]) -> None:
        super().__init__(path, handler)  # type: ignore[arg-type]  # typed for TCP


class _Scraped(BaseHTTPRequestHandler):
    collected: CollectorRegistry
    timeout = SILENCE_S

    def do_GET(self) -> None:
        """Give what there is at the one path."""
        if self.path.partition("?")[0] != PATH:
            self.send_error(HTTPStatus.NOT_FOUND)
            return
        encode, content_type = choose_encoder(self.headers.get("accept", ""))
        body = encode(self.collected)
        self.send_response(HTTPStatus.OK)
        self.send_header("content-type", content_type)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        """Nothing: each scrape would be a line."""

    def address_string(self) -> str:
        """Nobody's name; a socket file has no address."""
        return "-"
