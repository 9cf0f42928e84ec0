"""What keeps the gateway upright: names, ids, headers, bounds on what is sent, and faults that are not shown."""

import asyncio
import gzip
import socket
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
import structlog
from structlog.testing import capture_logs

from cocite.core.errors import InvalidArgument
from cocite.core.settings import Settings
from cocite.gateway.app import build
from cocite.gateway.http_server import Ending
from cocite.gateway.security_guard import Guard, Hosts
from support.asgi import exchange, request
from support.gateway_server import EMBED, READ, gateway_server, read_all, saying_ok, serving
from support.virtual_time import run_in_virtual_time

CONNECT = "/cocite.v1.RecommenderService/RecommendPapers"


@pytest.fixture
def settings(tmp_path):
    return Settings(home=tmp_path, gateway_body_s=0.5)


@pytest.fixture
def gateway(settings):
    with gateway_server(settings) as server:
        yield server


@pytest.fixture
def whole(settings):
    """The gateway as it is, its services away."""
    nowhere = {f"{name}_target": "127.0.0.1:1" for name in ("recommender", "features", "embedding")}
    with_no_services = settings.model_copy(update={**nowhere, "default_deadline_s": 1.0})
    built = []

    async def late(scope, receive, send):  # gRPC's channels belong to the loop that makes them
        if not built:
            built.append(build(with_no_services, Ending()))
        await built[0](scope, receive, send)

    with serving(with_no_services, late) as server:
        yield server


# headers


@pytest.mark.parametrize(
    ("path", "headers", "status"),
    [
        (READ, {}, 200),
        ("/healthz", {}, 200),
        (READ, {"x_api_key": "wrong"}, 401),
        (READ, {"host": "stranger.example"}, 403),
    ],
)
def test_every_answer_bears_headers_of_security(gateway, path, headers, status):
    answer = gateway.ask(path, **headers)
    assert answer.status == status
    policy = answer.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["referrer-policy"] == "no-referrer"
    assert answer.headers["cross-origin-opener-policy"] == "same-origin"
    assert answer.headers["cross-origin-resource-policy"] == "same-origin"
    assert answer.headers["x-request-id"]
    assert "server" not in answer.headers


def test_a_page_has_a_policy_of_its_own_and_but_one(settings):
    async def page(scope, receive, send):
        headers = [(b"content-security-policy", b"script-src 'self'"), (b"content-length", b"0")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body"})

    with gateway_server(settings, page) as gateway, gateway.connected() as bare:
        bare.sendall(b"GET / HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n")
        answer = read_all(bare)
    assert answer.count(b"content-security-policy") == 1
    assert b"script-src 'self'" in answer
    assert answer.count(b"x-content-type-options: nosniff") == 1


def test_a_sane_request_id_is_taken_over_and_another_made_for_any_else(settings):
    seen = []

    async def logging(scope, receive, send):
        seen.append(structlog.contextvars.get_contextvars().get("request_id"))
        await saying_ok(scope, receive, send)

    with gateway_server(settings, logging) as gateway:
        assert gateway.ask(READ, x_request_id="req-1.2/A=").headers["x-request-id"] == "req-1.2/A="
        made = {gateway.ask(READ, x_request_id=bad).headers["x-request-id"] for bad in ("", "a b", "x" * 129, "ü", '"')}
        made |= {gateway.ask(READ).headers["x-request-id"] for _ in range(5)}
    assert len(made) == 10
    assert all(len(each) == 16 and each.isalnum() for each in made)
    assert seen[1] == "req-1.2/A="  # the first was the lifespan's
    assert set(seen[2:]) == made


# names


@pytest.mark.parametrize(
    "host",
    [
        "localhost",
        "LOCALHOST:8080",
        "api.localhost",
        "127.0.0.1:1",
        "[::1]:80",
        "192.0.2.7",
        "gate.example",
        "localhost.",
    ],
)
def test_names_of_ours_and_addresses_are_answered(settings, host):
    with gateway_server(settings.model_copy(update={"gateway_hosts": "gate.example, other"})) as gateway:
        assert gateway.ask(READ, host=host).status == 200


@pytest.mark.parametrize(
    "host",
    [
        "stranger.example",
        "localhost.stranger.example",
        "127.0.0.1.stranger.example",
        "gate.example",
        "a@localhost",
        "1234",
        "",
    ],
)
def test_other_names_are_not_so_that_no_page_takes_us_for_its_own(gateway, host):
    answer = gateway.ask(READ, host=host)
    assert answer.status == 403
    assert "COCITE_GATEWAY_HOSTS" in answer.json["error"]["message"]


def test_any_name_is_answered_where_that_is_set(settings):
    with gateway_server(settings.model_copy(update={"gateway_hosts": "*"})) as gateway:
        assert gateway.ask(READ, host="any.example").status == 200
        assert gateway.ask(READ, host="no name").status == 403


def test_what_is_no_name_is_refused_at_the_start():
    for wrong in ("a b", "http://a", "*.example", "a/b"):
        with pytest.raises(InvalidArgument, match="COCITE_GATEWAY_HOSTS"):
            Hosts(wrong, "COCITE_GATEWAY_HOSTS")


@pytest.mark.parametrize(
    ("head", "status"),
    [
        (b"GET /healthz HTTP/1.1\r\n", b"400"),
        (b"GET /healthz HTTP/1.1\r\nhost: localhost\r\nhost: localhost\r\n", b"400"),
        (b"GET /healthz HTTP/1.0\r\n", b"200"),
        (b"GET /healthz HTTP/1.0\r\nhost: stranger.example\r\n", b"403"),
        (b"GET /healthz HTTP/1.1\r\nhost: localhost\r\n", b"200"),
        (b"GET http://stranger.example/healthz HTTP/1.1\r\nhost: localhost\r\n", b"200"),
        (b"nonsense\r\n", b"400"),
    ],
)
def test_requests_of_old_and_of_no_clients(gateway, head, status):
    with gateway.connected() as bare:
        bare.sendall(head + b"connection: close\r\n\r\n")
        answer = read_all(bare)
    assert answer.split(b" ")[1] == status
    assert b"transfer-encoding" not in answer or b"HTTP/1.0" not in head


# bounds


def post(bare, body, length=None, path=READ):
    size = len(body) if length is None else length
    bare.sendall(b"POST %b HTTP/1.1\r\nhost: localhost\r\ncontent-length: %d\r\n\r\n%b" % (path.encode(), size, body))


def test_a_body_that_does_not_come_is_not_waited_for(gateway):
    for path in (READ, EMBED, CONNECT):
        with gateway.connected() as bare:
            post(bare, b"{", 100, path)
            started = time.monotonic()
            answer = read_all(bare)  # to the end: the connection is closed
        assert answer.startswith(b"HTTP/1.1 408 ")
        assert b"did not come" in answer
        assert time.monotonic() - started < 5


def test_nor_is_one_that_comes_byte_by_byte(gateway):
    with gateway.connected() as bare:
        post(bare, b"", 10_000)
        bare.settimeout(0.05)
        answer, deadline = b"", time.monotonic() + 8
        while not answer and time.monotonic() < deadline:
            bare.sendall(b" ")
            try:
                answer = bare.recv(65536)
            except TimeoutError:
                continue
    assert answer.startswith(b"HTTP/1.1 408 ")


@pytest.mark.parametrize(("piece", "status"), [(1 << 16, 200), (1 << 10, 408)])
def test_a_long_body_has_time_for_what_has_come_of_it(piece, status):
    """4 KiB give another second: at 64 KiB in 9 s nobody is cut off, though all takes longer than the deadline."""

    async def slow():
        for _ in range(6):
            await asyncio.sleep(9)
            yield b" " * piece

    async def check():
        guard = Guard(saying_ok, Hosts("", "hosts"), body_s=10.0, most=1)
        return await exchange(guard, request(READ, content_length=str(6 * piece)), slow())

    answer = run_in_virtual_time(check())
    assert answer.status == status
    assert answer.body == b"%d" % (6 * piece) or status == 408


def test_the_application_sees_nothing_of_a_request_that_is_refused(settings):
    seen = []

    async def noting(scope, receive, send):
        if scope["type"] == "http":
            seen.append(scope["path"])
        await saying_ok(scope, receive, send)

    with gateway_server(settings, noting) as gateway:
        gateway.ask(READ, x_api_key="wrong")
        gateway.ask(READ, host="stranger.example")
        gateway.ask("/healthz")
    assert seen == ["/healthz"]


def test_a_head_that_is_too_long_is_cut_off(gateway):
    with gateway.connected() as bare:
        bare.sendall(b"GET /healthz HTTP/1.1\r\nhost: localhost\r\nx-long: ")
        with pytest.raises(OSError):  # closed while we still send
            for _ in range(10_000):
                bare.sendall(b"x" * 4096)
                time.sleep(0.0005)
    assert gateway.ask("/healthz").status == 200


def test_a_bomb_is_not_unpacked(whole):
    bomb = gzip.compress(b" " * (64 << 20))
    assert len(bomb) < 100_000
    answer = whole.ask(CONNECT, "POST", bomb, content_type="application/json", content_encoding="gzip")
    assert (answer.status, answer.json["code"]) == (429, "resource_exhausted")
    small = gzip.compress(b"{")
    answer = whole.ask(CONNECT, "POST", small, content_type="application/json", content_encoding="gzip")
    assert (answer.status, answer.json["code"]) == (400, "invalid_argument")


@pytest.mark.parametrize("path", [READ, CONNECT, "/nothing", "/docs/api"])
def test_an_answer_by_http_1_0_has_no_chunks(whole, path):
    asked = b"%b %b HTTP/%b\r\nhost: localhost\r\ncontent-length: 2\r\ncontent-type: application/json\r\n%b\r\n{}"
    method = b"GET" if path.startswith("/docs") else b"POST"
    with whole.connected() as old, whole.connected() as new:
        old.sendall(asked % (method, path.encode(), b"1.0", b""))
        head, _, body = read_all(old).partition(b"\r\n\r\n")
        new.sendall(asked % (method, path.encode(), b"1.1", b"connection: close\r\n"))
        as_new = read_all(new)
    assert b"transfer-encoding" not in head
    assert b"content-length: %d" % len(body) in head
    assert body in as_new


def test_more_requests_than_can_be_worked_on_are_refused_at_once_but_looks_are_answered(settings):
    released = threading.Event()

    async def slow(scope, receive, send):
        while scope["type"] == "http" and scope["path"] == READ and not released.is_set():
            await asyncio.sleep(0.01)
        await saying_ok(scope, receive, send)

    limited = settings.model_copy(update={"max_concurrent_calls": 3})
    with gateway_server(limited, slow) as gateway, ThreadPoolExecutor(3) as pool:
        waiting = [pool.submit(gateway.ask, READ) for _ in range(3)]
        while (refused := gateway.ask("/new")).status == 200:
            time.sleep(0.01)
        looked = gateway.ask("/healthz")
        released.set()
        assert (refused.status, refused.headers["retry-after"]) == (429, "1")
        assert looked.status == 200
        assert [each.result().status for each in waiting] == [200] * 3
        assert gateway.ask(READ).status == 200


def test_what_connects_library_cannot_read_is_the_clients_fault(whole):
    grpc = whole.ask(CONNECT, "POST", b"", content_type="application/grpc")
    assert grpc.status == 415
    assert "gRPC-Web" in grpc.json["message"]
    with whole.connected() as bare:
        bare.sendall(
            b"POST %b HTTP/1.1\r\nhost: localhost\r\nx: \xff\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"
            % CONNECT.encode()
        )
        assert read_all(bare).startswith(b"HTTP/1.1 400 ")


# faults


def test_a_fault_is_told_to_the_log_and_not_to_the_client(settings):
    async def faulty(scope, receive, send):
        if scope["type"] == "lifespan":
            await saying_ok(scope, receive, send)
        raise ZeroDivisionError("secret detail")

    with capture_logs() as logs, gateway_server(settings, faulty) as gateway:
        rest, connect, embed = gateway.ask(READ), gateway.ask(CONNECT), gateway.ask(EMBED)
    for answer in (rest, connect, embed):
        assert answer.status == 500
        assert b"secret" not in answer.body
        assert b"Zero" not in answer.body
        assert b"log" in answer.body
    assert rest.json["error"]["status"] == "INTERNAL"
    assert connect.json["code"] == "internal"
    assert embed.json["error"]["type"] == "server_error"
    told = [entry for entry in logs if entry["event"] == "unforeseen"]
    assert [entry["path"] for entry in told] == [READ, CONNECT, EMBED]
    assert all(entry["exc_info"] for entry in told)


def test_faults_inside_the_whole_gateway_are_not_shown_either(whole, monkeypatch):
    from cocite.gateway.upstream import Upstream

    async def faulty(*_):
        raise ZeroDivisionError("secret detail")

    monkeypatch.setattr(Upstream, "call", faulty)
    asked = b'{"seeds": {"positiveIds": ["doi:10.1/x"]}}'
    for path, body in (
        (READ, asked),
        (CONNECT, asked),
        ("/recommendations/v1/papers/", b'{"positivePaperIds": ["x"]}'),
    ):
        answer = whole.ask(path, "POST", body, content_type="application/json")
        assert (answer.status, b"secret" in answer.body) == (500, False)
        assert b"the server's log says more" in answer.body
        assert answer.headers["x-content-type-options"] == "nosniff"


def test_services_that_are_away_are_said_to_be(whole):
    answer = whole.ask(READ, "POST", b'{"seeds": {"positiveIds": ["doi:10.1/x"]}}', content_type="application/json")
    assert (answer.status, answer.json["error"]["status"]) in ((503, "UNAVAILABLE"), (504, "DEADLINE_EXCEEDED"))


def test_a_client_that_leaves_disturbs_nobody(gateway):
    for _ in range(20):
        with gateway.connected() as bare:
            post(bare, b"{", 1000)
            bare.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
    assert gateway.ask("/healthz").status == 200
