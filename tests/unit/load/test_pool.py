"""Calls over real sockets to a real gRPC server. Work ends by count, never by time."""

import socket
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from itertools import cycle

import pytest

from cocite.core.errors import InvalidArgument, Unavailable
from cocite.load import frames
from cocite.load.connection import Connection
from cocite.load.frames import Kind
from cocite.load.link import Link
from cocite.load.pool import Pool, dial
from cocite.load.requests import Call, prepare
from support.load_server import LoadServer, call, load_server


@pytest.fixture
def server() -> Iterator[LoadServer]:
    with load_server() as running:
        yield running


@contextmanager
def pool_of(
    port: int, calls: Sequence[Call], connections: int = 1, deadline_s: float = 60.0, **state
) -> Iterator[Pool]:
    requests = [prepare(each, f"127.0.0.1:{port}", deadline_s) for each in calls]

    def open_link() -> Link:
        return Link.open("127.0.0.1", port, Connection(**state))

    pool = Pool(open_link, cycle(requests), max(each.octets for each in requests), connections, deadline_s)
    try:
        yield pool
    finally:
        pool.close()


def now(calls: int) -> list[float]:
    """The beginnings of calls that begin at once."""
    return [time.perf_counter()] * calls


def run(pool: Pool, calls: int, at_once: int = 50) -> None:
    """Send that many calls and wait for the end of each."""
    left = calls
    while left or pool.in_flight:
        starts = [time.perf_counter()] * min(left, at_once - pool.in_flight, pool.room)
        left -= pool.send(starts) if starts else 0
        pool.poll(1)


def test_every_status_is_counted(server):
    codes = ["NOT_FOUND", "INVALID_ARGUMENT", "INTERNAL", "RESOURCE_EXHAUSTED"]
    calls = [call("ok:10"), *(call(f"fail:{code}:not today, {code} 100 % é") for code in codes)]
    with pool_of(server.port, calls) as pool:
        run(pool, 500)
    assert len(pool.outcomes) == 100
    assert pool.outcomes.failures == dict.fromkeys(codes, 100)
    assert pool.outcomes.messages == {code: f"not today, {code} 100 % é" for code in codes}
    assert len(server.seen) == 500


def test_messages_that_are_all_different_are_counted_too(server):
    calls = [call(f"fail:ABORTED:number {number}") for number in range(1500)]  # more than are remembered
    with pool_of(server.port, calls) as pool:
        run(pool, 1500)
    assert pool.outcomes.failures == {"ABORTED": 1500}


def test_the_server_sees_an_ordinary_call(server):
    with pool_of(server.port, [call("ok:1")], deadline_s=50) as pool:
        run(pool, 1)
    (seen,) = server.seen
    assert (seen["path"], seen["request"], seen["user-agent"]) == ("/test.Service/Method", b"ok:1", "cocite-load")
    assert 0 < seen["left"] <= 50


def test_requests_of_many_frames_arrive_whole(server):
    with pool_of(server.port, [call("ok:1", padding) for padding in (16_375, 16_376, 60_000)]) as pool:
        run(pool, 60)
    assert len(pool.outcomes) == 60
    assert {len(seen["request"]) for seen in server.seen} == {16_379, 16_380, 60_004}


def test_big_answers_go_through_small_windows(server):
    with pool_of(server.port, [call("ok:3000000"), call("ok:100000")], window=20_000) as pool:
        run(pool, 20, at_once=7)
    assert len(pool.outcomes) == 20
    assert pool.outcomes.answer_octets == 10 * (3_000_005 + 100_005)


def test_no_more_calls_at_a_time_than_the_server_takes():
    with load_server(max_concurrent_streams=5) as server, pool_of(server.port, [call("hang:1")], 2) as pool:
        assert pool.room == 10
        assert pool.send(now(30)) == 10
        assert (pool.room, pool.in_flight) == (0, 10)
        server.let_go.set()
        run(pool, 40)
        assert len(pool.outcomes) == 50
        assert not pool.outcomes.failures


def test_connections_share_the_calls(server):
    with pool_of(server.port, [call("ok:1")], 3) as pool:
        for _ in range(30):
            run(pool, 1)
        pool.send(now(30))
        assert [len(link.connection.in_flight) for link in pool._links] == [10, 10, 10]
    peers = [seen["peer"] for seen in server.seen][:30]
    assert sorted(peers.count(peer) for peer in set(peers)) == [10, 10, 10]


def test_a_server_that_ends_its_connections_loses_no_call():
    with load_server(max_connection_age_ms=50, max_connection_age_grace_ms=60_000) as server:
        with pool_of(server.port, [call("ok:10")], 2) as pool:
            sent = 0
            while len({seen["peer"] for seen in server.seen}) < 6:
                run(pool, 100)
                sent += 100
        assert len(pool.outcomes) == sent
        assert not pool.outcomes.failures


def test_stream_numbers_that_run_out_begin_again_on_another_connection(server):
    first_stream = frames.MAX_STREAM - 2 * 9
    with pool_of(server.port, [call("ok:10")], first_stream=first_stream) as pool:
        run(pool, 35)
    assert len(pool.outcomes) == 35
    assert [len({s["peer"] for s in server.seen}), len(server.seen)] == [4, 35]


def test_a_call_past_its_deadline_is_cancelled_and_counted():
    with load_server() as server, pool_of(server.port, [call("hang:1")], deadline_s=0.05) as pool:
        run(pool, 3)
        assert pool.outcomes.failures == {"DEADLINE_EXCEEDED": 3}


def test_where_nothing_listens_is_told():
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    with pytest.raises(Unavailable, match="nothing answers at"):
        dial("127.0.0.1", port)()


@contextmanager
def raw_server(*greetings: bytes, reply: bytes = b"") -> Iterator[int]:
    """A socket that greets each connection with the next of greetings; says reply to what comes, or hangs up."""
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def serve() -> None:
            for left, greeting in reversed(list(enumerate(reversed(greetings)))):
                connected, _ = listening.accept()
                if not left:
                    listening.close()  # so that a connection after the last is refused
                with connected, suppress(ConnectionResetError):
                    connected.recv(1 << 16)
                    connected.sendall(greeting)
                    if not reply:
                        connected.shutdown(socket.SHUT_WR)
                    while connected.recv(1 << 16):
                        if reply:
                            connected.sendall(reply)

        thread = threading.Thread(target=serve)
        port = listening.getsockname()[1]
        thread.start()
        yield port
        thread.join()


@pytest.mark.parametrize("answer", [b"HTTP/1.1 400 Bad Request\r\n\r\n", b"", b"\x15\x03\x01\x00\x02\x02F"])
def test_what_speaks_no_grpc_is_told(answer):
    with raw_server(answer) as port, pytest.raises(Unavailable, match="does not greet as gRPC does"):
        dial("127.0.0.1", port)()


GREETING = frames.settings({}) + frames.frame(Kind.SETTINGS, frames.ACK, 0)


def test_a_server_that_only_ever_hangs_up_is_left_alone():
    with raw_server(*[GREETING] * 4) as port, pool_of(port, [call("ok")]) as pool:
        pool.send(now(1))
        with pytest.raises(Unavailable, match="ended 4 connections in a row"):
            while True:
                pool.poll(1)
        assert pool.outcomes.failures == {"UNAVAILABLE": 1}


def test_a_server_that_refuses_for_good_fails_the_call():
    refused = b"".join(frames.reset(stream, frames.ErrorCode.REFUSED_STREAM) for stream in range(1, 1000, 2))
    with raw_server(GREETING, reply=refused) as port, pool_of(port, [call("ok")], deadline_s=60) as pool:
        now = time.perf_counter()
        pool._look_again = now + 60  # or else the first look finds the call while it is in flight
        pool.send([now, now - 61])
        while pool.outcomes.resent < 4:
            pool.poll(1)
        assert pool.outcomes.failures == {"DEADLINE_EXCEEDED": 1}
        assert pool.in_flight == 1


def test_a_server_that_dies_fails_its_calls_and_says_where():
    with raw_server(GREETING) as port, pool_of(port, [call("ok")]) as pool:
        pool.send(now(4))
        with pytest.raises(Unavailable, match=f"nothing answers at 127.0.0.1:{port}"):
            pool.poll(60)
        assert pool.outcomes.failures == {"UNAVAILABLE": 4}
        assert pool.outcomes.messages["UNAVAILABLE"].startswith("the connection broke: ")


def test_a_request_over_the_servers_window_is_refused():
    small = frames.settings({frames.Setting.INITIAL_WINDOW_SIZE: 10}) + frames.frame(Kind.SETTINGS, frames.ACK, 0)
    said = "takes 16 bytes, and the server no more than 10"
    with raw_server(small) as port, pytest.raises(InvalidArgument, match=said):
        pool_of(port, [call("ok"), call("much longer")]).__enter__()
