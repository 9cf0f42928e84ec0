"""Bounds on connections: how many a stranger may hold, how long heads and answers may take, and what is said then."""

import asyncio
import contextlib
import socket
import threading
from contextlib import ExitStack

import pytest
from structlog.testing import capture_logs
from uvicorn.server import ServerState

from cocite.core.settings import Settings
from cocite.gateway import main, security_connections, security_crowd
from cocite.gateway.main import configured
from support.gateway_server import READ, gateway_server, read_all, saying_ok
from support.stack import eventually
from support.virtual_time import run_in_virtual_time

WHOLE = b"GET /healthz HTTP/1.1\r\nhost: localhost\r\n\r\n"
MOST, OF_ONE = 40, 16


@pytest.fixture
def settings(tmp_path, monkeypatch):
    monkeypatch.setattr(main, "_MOST_CONNECTIONS", MOST)
    return Settings(home=tmp_path, max_concurrent_calls=20)


def connected(gateway, address="127.0.0.1"):
    """A connection from an address of this machine."""
    return socket.create_connection(("127.0.0.1", gateway.port), timeout=10, source_address=(address, 0))


def answered(gateway, address, path="/healthz"):
    with connected(gateway, address) as bare:
        bare.sendall(b"GET %b HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n" % path.encode())
        return read_all(bare)


def open_among(held):
    """How many of the connections the other side has not closed."""
    count = 0
    for each in held:
        each.settimeout(0)
        try:
            count += bool(each.recv(1))
        except BlockingIOError:
            count += 1
        except OSError:
            continue
    return count


def test_idle_connections_make_room_for_others(settings):
    with gateway_server(settings) as gateway, ExitStack() as stack:
        held = [stack.enter_context(connected(gateway, f"127.0.1.{1 + number % 10}")) for number in range(2 * MOST)]
        assert answered(gateway, "127.0.0.9").startswith(b"HTTP/1.1 200 ")
        assert eventually(lambda: open_among(held) < MOST)


def test_so_do_those_that_had_an_answer_and_those_that_send_half_a_head(settings):
    with gateway_server(settings) as gateway, ExitStack() as stack:
        for number in range(2 * MOST):
            bare = stack.enter_context(connected(gateway, f"127.0.1.{1 + number % 10}"))
            bare.sendall(WHOLE if number % 2 else WHOLE[:-4])
            assert bare.recv(65536) if number % 2 else True
        assert answered(gateway, "127.0.0.9").startswith(b"HTTP/1.1 200 ")


@pytest.mark.parametrize("settled_s", [0.0, 1000.0])
def test_of_one_address_idle_connections_make_room_once_they_have_had_time_to_ask(settings, monkeypatch, settled_s):
    monkeypatch.setattr(security_crowd, "_SETTLED_S", settled_s)
    with gateway_server(settings) as gateway, ExitStack() as stack:
        held = [stack.enter_context(connected(gateway)) for _ in range(OF_ONE)]
        held[-1].sendall(WHOLE)
        assert held[-1].recv(65536)
        status = answered(gateway, "127.0.0.1", READ).split(b" ")[1]
        assert (status, open_among(held)) == ((b"429", OF_ONE) if settled_s else (b"200", OF_ONE - 1))


def test_an_address_that_has_much_at_work_is_refused_more_and_others_are_not(settings):
    free = threading.Event()

    async def slow(scope, receive, send):
        while scope["type"] == "http" and scope["path"] == READ and not free.is_set():
            await asyncio.sleep(0.01)
        await saying_ok(scope, receive, send)

    asked = b"GET %b HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n" % READ.encode()
    with gateway_server(settings, slow) as gateway, ExitStack() as stack:
        held = [stack.enter_context(connected(gateway)) for _ in range(OF_ONE)]
        for each in held:
            each.sendall(asked)
        head, _, body = answered(gateway, "127.0.0.1", READ).partition(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 429 ")
        for told in (b"retry-after: 1", b"x-request-id: ", b"content-security-policy: ", b"connection: close"):
            assert told in head
        assert b'"RESOURCE_EXHAUSTED"' in body
        assert answered(gateway, "127.0.0.1", "/healthz").startswith(b"HTTP/1.1 200 ")
        assert answered(gateway, "127.0.0.2", "/other").startswith(b"HTTP/1.1 200 ")
        free.set()
        assert all(read_all(each).startswith(b"HTTP/1.1 200 ") for each in held)
        assert answered(gateway, "127.0.0.1", READ).startswith(b"HTTP/1.1 200 ")


def test_a_proxy_has_as_many_as_there_are(settings):
    behind = settings.model_copy(update={"gateway_proxies": "127.0.0.1"})
    with gateway_server(behind) as gateway, ExitStack() as stack:
        held = [stack.enter_context(connected(gateway)) for _ in range(OF_ONE + 4)]
        for each in held:
            each.sendall(b"GET %b HTTP/1.1\r\nhost: localhost\r\n\r\n" % READ.encode())
            assert each.recv(65536).startswith(b"HTTP/1.1 200 ")


@pytest.mark.parametrize(
    "sent",
    [
        b"nonsense\r\n\r\n",
        b"GET /%b HTTP/1.1\r\n" % (b"x" * 70_000),
        b"POST /v1/papers:recommend HTTP/1.1\r\nhost: localhost\r\ntransfer-encoding: chunked\r\n\r\nno size\r\n",
    ],
)
def test_what_is_no_http_is_refused_in_our_form(settings, sent):
    with gateway_server(settings) as gateway, connected(gateway) as bare:
        bare.sendall(sent)
        head, _, body = read_all(bare).partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 400 ")
    for told in (b"x-request-id: ", b"x-content-type-options: nosniff", b"connection: close"):
        assert told in head
    assert b'"INVALID_ARGUMENT"' in body
    assert b"content-length: %d" % len(body) in head


def test_an_answer_that_is_not_taken_is_not_kept_for_ever_and_no_fault_of_ours(settings, monkeypatch, caplog):
    monkeypatch.setattr(security_connections, "TAKEN_S", 0.1)
    monkeypatch.setattr(security_connections, "_LEAST_RATE", 1 << 30)
    ended = threading.Event()

    async def endless(scope, receive, send):
        if scope["type"] == "lifespan":
            await saying_ok(scope, receive, send)
            return
        await send({"type": "http.response.start", "status": 200, "headers": []})
        gone = asyncio.ensure_future(_gone(receive))
        while not gone.done():
            await send({"type": "http.response.body", "body": b"x" * (1 << 16), "more_body": True})
            await asyncio.sleep(0)
        ended.set()

    with capture_logs() as logs, gateway_server(settings, endless) as gateway, connected(gateway) as bare:
        bare.sendall(b"GET %b HTTP/1.1\r\nhost: localhost\r\n\r\n" % READ.encode())
        assert ended.wait(30)
        with contextlib.suppress(ConnectionError):
            read_all(bare)
    assert not [entry for entry in logs if entry["event"] == "unforeseen"]
    assert not [record for record in caplog.records if record.exc_info]


async def _gone(receive):
    while (await receive())["type"] == "http.request":
        pass


# in virtual time


class Wire(asyncio.Transport):
    """A connection whose client takes nothing, or all at once."""

    def __init__(self) -> None:
        super().__init__({"peername": ("192.0.2.1", 1)})
        self.sent = b""
        self.closed_at: float | None = None
        self.untaken = 0
        self.protocol: security_connections.BoundedHttp

    def write(self, data) -> None:
        self.sent += data

    def is_closing(self) -> bool:
        return self.closed_at is not None

    def close(self) -> None:
        if self.closed_at is None:
            loop = asyncio.get_running_loop()
            self.closed_at = loop.time()
            loop.call_soon(self.protocol.connection_lost, None)

    abort = close

    def get_write_buffer_size(self) -> int:
        return self.untaken


async def wired(settings) -> Wire:
    config = configured(settings, lambda: saying_ok)
    config.load()
    wire = Wire()
    wire.protocol = config.http_protocol_class(config=config, server_state=ServerState(), app_state={})
    wire.protocol.connection_made(wire)
    return wire


@pytest.mark.parametrize("sent", [b"", WHOLE[:8], WHOLE[:-2]])
def test_a_head_that_does_not_come_is_not_waited_for(settings, sent):
    async def check():
        wire = await wired(settings)
        await asyncio.sleep(3)
        wire.protocol.data_received(sent) if sent else None
        await asyncio.sleep(100)
        assert wire.closed_at == security_connections.HEAD_S

    run_in_virtual_time(check())


def test_nor_is_a_later_one_but_pauses_between_requests_are(settings):
    async def check():
        wire, clock = await wired(settings), asyncio.get_running_loop().time
        for _ in range(3):
            wire.protocol.data_received(WHOLE)
            await asyncio.sleep(59)
        assert wire.sent.count(b"HTTP/1.1 200 ") == 3
        assert wire.closed_at is None
        began = clock()
        for byte in WHOLE[:30]:
            wire.protocol.data_received(bytes([byte]))
            await asyncio.sleep(1)
            if wire.closed_at:
                break
        assert wire.closed_at == began + security_connections.HEAD_S

    run_in_virtual_time(check())


def test_a_connection_without_another_request_is_closed(settings):
    async def check():
        wire = await wired(settings)
        wire.protocol.data_received(WHOLE)
        await asyncio.sleep(1000)
        assert wire.closed_at == 60

    run_in_virtual_time(check())


def test_who_takes_nothing_has_time_by_what_there_is_to_take(settings):
    async def check():
        wire = await wired(settings)
        wire.protocol.data_received(WHOLE[:-2])
        await asyncio.sleep(1)
        wire.protocol.data_received(WHOLE[-2:])
        wire.untaken = 320 << 10
        wire.protocol.pause_writing()
        await asyncio.sleep(20)
        wire.protocol.resume_writing()
        await asyncio.sleep(19)
        assert wire.closed_at is None
        wire.protocol.pause_writing()
        await asyncio.sleep(1000)
        assert wire.closed_at == 40 + security_connections.TAKEN_S + 10

    run_in_virtual_time(check())
