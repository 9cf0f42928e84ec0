"""Bytes by key in Redis: one round trip a batch, a bound on every wait, and one error for whatever goes wrong.

redis-py left to itself waits 5 s and tries 10 times; here nothing is tried twice. One timeout bounds each wait for
bytes, SLOW_TIMEOUTS of them the way to a connection, name resolution included. An answer that trickles in for longer
is still taken, but counts as a failure; after a few failures in a row Redis is left alone until ping() finds it well.
"""

import random
import socket
import threading
import time
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, TypeVar, cast
from urllib.parse import parse_qs, urlsplit

import redis
import structlog
from redis.backoff import NoBackoff
from redis.retry import Retry

from cocite.cache.kept_connections import KeptConnections
from cocite.core.errors import InvalidArgument, Unavailable
from cocite.serving.breaker import Breaker

log = structlog.get_logger("cocite.redis")

MAX_FAILURES = 3
OPEN_S = 0.5  # less than the pause between two looks of the health watch, which are what ends an outage
SLOW_TIMEOUTS = 10  # a call, or the way to a connection, that takes longer than so many timeouts is a failure
_DIALLERS = 4
_TTL_SPREAD = 0.1  # lifetimes differ by up to this fraction, so that what was stored together does not expire together
_URL_OPTIONS = ("db", "username", "password", "client_name")

T = TypeVar("T")


def connect(url: str, timeout_s: float, max_connections: int) -> redis.Redis:
    """A client for a redis://, rediss:// or unix:// URL; nothing is dialled yet. Raises InvalidArgument.

    This is the only place that knows how Redis is reached.
    """
    _check_options(url)
    try:
        pool = redis.BlockingConnectionPool.from_url(
            url,
            max_connections=max_connections,
            timeout=timeout_s,
            socket_timeout=timeout_s,
            socket_connect_timeout=timeout_s,
            retry=Retry(NoBackoff(), 0),
            retry_on_timeout=False,
            protocol=2,  # needs no handshake, and MGET and SET gain nothing from RESP3
            driver_info=None,  # nor from telling the server the library's name, two more round trips a connection
        )
        pool.connection_class(**pool.connection_kwargs)
    except (ValueError, TypeError, redis.RedisError):  # what they say may hold a part of the password
        raise _bad_url("it is no address of a Redis") from None
    if issubclass(pool.connection_class, redis.SSLConnection):
        pool.connection_kwargs["redis_connect_func"] = _greet
    if issubclass(pool.connection_class, redis.Connection):
        pool.connection_class = _dialled_apart(pool.connection_class, SLOW_TIMEOUTS * timeout_s)
    return redis.Redis(connection_pool=pool)


def _check_options(url: str) -> None:
    try:
        names = parse_qs(urlsplit(url).query)
    except ValueError:
        raise _bad_url("it is no address of a Redis") from None
    if any(name not in _URL_OPTIONS and not name.startswith("ssl_") for name in names):
        raise _bad_url(f"only {', '.join(_URL_OPTIONS)} and ssl_... may follow the question mark")


def _bad_url(why: str) -> InvalidArgument:
    return InvalidArgument(
        f"COCITE_REDIS_URL is wrong: {why}",
        hint="write it as redis://host:6379/0, rediss://host:6379/0 or unix:///path/to/socket",
        field="COCITE_REDIS_URL",
    )


def _greet(connection: Any) -> None:  # a redis.SSLConnection, whose methods have no types
    """Ask a new connection over TLS once. Servers of TLS 1.3 send tickets after the handshake, unasked; redis-py takes
    what can be read where nothing was asked for an answer gone astray, and hangs up.
    """
    connection.on_connect()
    connection.send_command("PING")
    connection.read_response()


def _dialled_apart(kind: type[redis.Connection], seconds: float) -> type[redis.Connection]:
    """A kind of connection that is made in a thread apart and waited for no longer than seconds.

    A name is resolved without a timeout; a resolver that hangs must not take a caller with it.
    """
    diallers = ThreadPoolExecutor(_DIALLERS, thread_name_prefix="redis-dial")

    class Dialled(kind):  # type: ignore[misc, valid-type]  # a base class known at run time only
        def _connect(self) -> socket.socket:
            future: Future[socket.socket] = diallers.submit(super()._connect)
            try:
                return future.result(seconds)
            except TimeoutError:
                if not future.cancel():
                    future.add_done_callback(_hang_up)
                raise

    return Dialled


def _hang_up(late: "Future[socket.socket]") -> None:
    if not late.exception():
        late.result().close()


class RedisStore:
    """A thread-safe store that may forget. Every method raises Unavailable when Redis cannot do it now.

    After MAX_FAILURES failures in a row only ping() asks Redis, until that succeeds: somebody has to call it now and
    then, and it is that thread which waits. slow_s is what a call may take in all without counting as a failure.
    counts tells how often Redis failed ("failures") and was left alone ("skipped").
    """

    def __init__(self, client: redis.Redis, breaker: Breaker | None = None, slow_s: float | None = None) -> None:
        self._client = client
        self._kept = KeptConnections(client.connection_pool)
        if slow_s is None:
            slow_s = SLOW_TIMEOUTS * cast("redis.BlockingConnectionPool", client.connection_pool).timeout
        self._slow_s = slow_s
        self._breaker = breaker or Breaker(MAX_FAILURES, OPEN_S)
        self._lock = threading.Lock()
        self.counts: Counter[str] = Counter()

    @property
    def well(self) -> bool:
        """Whether Redis is asked at all."""
        return self._breaker.closed

    def get(self, key: str) -> bytes | None:
        """The value of one key, None when it is not there; one GET, by the shortest way."""

        def get() -> bytes | None:
            return cast("bytes | None", self._kept.command(b"GET", key.encode()))

        return self._guarded(get, self._breaker.closed)

    def get_many(self, keys: Sequence[str]) -> list[bytes | None]:
        """The value of each key, None for one that is not there; one MGET."""

        def mget() -> list[bytes | None]:
            values = cast("list[bytes | None]", self._client.mget(keys))
            if len(values) != len(keys):
                raise redis.InvalidResponse("MGET did not answer one value a key")
            return values

        return self._guarded(mget, self._breaker.closed) if keys else []

    def put_many(self, values: Sequence[tuple[str, bytes]], ttl_s: int) -> int:
        """Store values for at most ttl_s seconds and a tenth less at least; one pipeline. Returns how many Redis took,
        fewer than given when its memory is full.
        """
        if not values:
            return 0
        pipeline = self._client.pipeline(transaction=False)
        shortest = max(1, round(ttl_s * (1 - _TTL_SPREAD)))
        for key, value in values:
            pipeline.set(key, value, ex=random.randint(shortest, ttl_s))
        replies = self._guarded(lambda: pipeline.execute(raise_on_error=False), self._breaker.closed)
        return sum(reply is True for reply in replies)

    def put_new(self, key: str, value: bytes, ttl_s: int) -> bool:
        """Store a value for ttl_s seconds unless the key has one; whether it did. One SET."""
        return bool(self._guarded(lambda: self._client.set(key, value, ex=ttl_s, nx=True), self._breaker.closed))

    def delete(self, keys: Sequence[str]) -> None:
        """Let keys have no value; one DEL."""
        if keys:
            self._guarded(lambda: self._client.delete(*keys), self._breaker.closed)

    def commands(self, commands: Sequence[tuple[str | bytes | int, ...]]) -> list[Any]:
        """What Redis answers to other commands, each given as its parts; one pipeline, in which one that is refused
        fails all.
        """
        pipeline = self._client.pipeline(transaction=False)
        send = cast("Callable[..., object]", pipeline.execute_command)  # untyped
        for parts in commands:
            send(*parts)
        return self._guarded(pipeline.execute, self._breaker.closed)

    def ping(self) -> None:
        """Return when Redis answers, which ends an outage."""
        self._guarded(self._client.ping, self._breaker.allow())

    def close(self) -> None:
        """Give the connections back to the system."""
        self._client.close()
        self._client.connection_pool.disconnect()

    def _guarded(self, call: Callable[[], T], allowed: bool) -> T:
        if not allowed:
            self._count("skipped")
            raise Unavailable("Redis is left alone after failures in a row")
        started = time.monotonic()
        try:
            answer = call()
        except redis.ResponseError as error:  # Redis answers, it just will not do this
            self._succeeded()
            self._count("failures")
            raise Unavailable(f"Redis refused: {error}") from None
        except (redis.RedisError, OSError, ValueError) as error:  # ValueError: what answers does not speak RESP
            self._failed(str(error))
            raise Unavailable("Redis does not answer") from error
        if (seconds := time.monotonic() - started) > self._slow_s:
            self._failed(f"an answer took {seconds:.2f} s")
        else:
            self._succeeded()
        return answer

    def _failed(self, why: str) -> None:
        self._count("failures")
        if self._breaker.failed():
            log.warning("redis unavailable", error=why)

    def _succeeded(self) -> None:
        if self._breaker.succeeded():
            log.info("redis available again")

    def _count(self, name: str) -> None:
        with self._lock:
            self.counts[name] += 1
