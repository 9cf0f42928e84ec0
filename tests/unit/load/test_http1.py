"""The HTTP/1.1 sender, against a server of the standard library and piece by piece."""

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from cocite.core.errors import Unavailable
from cocite.load.http1 import Http1Connection, Http1Session, Post, get_request, post_request


class Handler(BaseHTTPRequestHandler):
    """Answers /ok/SIZE with SIZE bytes, /fail/STATUS with that status, /last with the end of the connection."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        kind, _, rest = self.path.lstrip("/").partition("/")
        self.server.seen.append((self.path, self.client_address[1]))
        body = b"x" * (int(rest) if kind == "ok" else 3)
        self.send_response(int(rest) if kind == "fail" else 200)
        self.send_header("Content-Length", str(len(body)))
        if kind == "last":
            self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def server() -> Iterator[ThreadingHTTPServer]:
    running = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    running.seen = []
    thread = threading.Thread(target=running.serve_forever)
    thread.start()
    yield running
    running.shutdown()
    thread.join()
    running.server_close()


def session(server: ThreadingHTTPServer, *paths: str, connections: int = 1, **options: object) -> Http1Session:
    return Http1Session("127.0.0.1", server.server_port, paths, connections=connections, **options)


def test_calls_are_answered_over_connections_that_stay(server):
    with session(server, "/ok/5", "/ok/70000", connections=3, zipf=None) as load:
        result = load.closed(3, 0.1)
    assert result.answered_in_all == result.sent == len(server.seen) > 3
    assert not result.failures and not result.lost
    assert {path for path, _ in server.seen} == {"/ok/5", "/ok/70000"}
    assert len({port for _, port in server.seen}) == 3
    asked = [path for path, _ in server.seen]
    assert result.answer_octets == 5 * asked.count("/ok/5") + 70000 * asked.count("/ok/70000")


def test_every_status_but_200_is_a_failure(server):
    with session(server, "/fail/503") as load:
        result = load.closed(1, 0.05)
    assert result.failures == {"UNAVAILABLE": result.ended}
    assert result.messages["UNAVAILABLE"] == "HTTP status 503 with 3 bytes"


def test_a_connection_that_the_server_ends_is_replaced(server):
    with session(server, "/last", "/ok/1", zipf=None) as load:
        result = load.closed(1, 0.1)
    assert result.answered_in_all == result.sent > 2
    assert not result.failures


def test_an_empty_answer_is_a_failure(server):
    with session(server, "/ok/0") as load:
        assert load.closed(1, 0.05).failures


def test_a_body_is_posted_whole():
    request = post_request(Post("/a", b"body", "text/plain"), "host:1")
    (whole,) = request.parts
    head, _, body = whole.partition(b"\r\n\r\n")
    assert head.startswith(b"POST /a HTTP/1.1\r\nHost: host:1\r\n")
    assert head.endswith(b"Content-Type: text/plain\r\nContent-Length: 4")
    assert body == b"body"
    assert request.octets == len(whole)


def connection_with_a_call() -> Http1Connection:
    connection = Http1Connection()
    assert connection.room(1) == 1
    connection.send([7.0], iter([get_request("/a?b=c", "host:1")]))
    assert connection.take_output().startswith(b"GET /a?b=c HTTP/1.1\r\nHost: host:1\r\n")
    assert connection.room(1) == 0
    return connection


def test_an_answer_may_come_in_any_pieces():
    data = b"HTTP/1.1 200 OK\r\nContent-Type: text\r\nContent-Length: 4\r\n\r\nfour"
    for cut in range(1, len(data)):
        connection = connection_with_a_call()
        connection.receive(data[:cut])
        assert connection.in_flight
        connection.receive(data[cut:])
        assert (connection.done, connection.answer_octets, connection.closing) == ([7.0], 4, False)


@pytest.mark.parametrize(
    "data",
    [
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: four\r\n\r\nfour",
        b"HTTP/1.1 2x0 OK\r\nContent-Length: 4\r\n\r\nfour",
        b"SSH-2.0-OpenSSH\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nfour and more",
        b"HTTP/1.1 200 OK\r\n" + b"a" * 70_000,
    ],
)
def test_what_is_no_answer_is_told(data):
    with pytest.raises(Unavailable):
        connection_with_a_call().receive(data)


def test_a_call_that_takes_too_long_fails_and_its_connection_is_given_up():
    connection = connection_with_a_call()
    connection.expire(7.0)
    assert connection.in_flight and not connection.closing
    connection.expire(7.1)
    assert [failure.start for failure in connection.failed] == [7.0]
    assert connection.closing and not connection.in_flight
