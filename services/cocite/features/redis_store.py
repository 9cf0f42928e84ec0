"""Bytes by key in Redis: one round trip a batch, a bound on every wait, and one error for whatever goes wrong.

redis-py left to itself waits 5 s and tries 10 times; here a call waits for one timeout, once, and after a few of
those in a row not at all until the breaker lets a probe through.
"""

import random
import threading
from collections import Counter
from collections.abc import Callable, Sequence
from typing import TypeVar, cast
from urllib.parse import parse_qs, urlsplit

import redis
import structlog
from redis.backoff import NoBackoff
from redis.retry import Retry

from cocite.core.errors import InvalidArgument, Unavailable
from cocite.serving.breaker import Breaker

log = structlog.get_logger("cocite.redis")

MAX_FAILURES = 3
OPEN_S = 1.0
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
    except (ValueError, TypeError, redis.RedisError) as error:
        raise _bad_url(str(error)) from None
    return redis.Redis(connection_pool=pool)


def _check_options(url: str) -> None:
    for name in parse_qs(urlsplit(url).query):
        if name not in _URL_OPTIONS and not name.startswith("ssl_"):
            raise _bad_url(f"the option {name!r} is not supported")


def _bad_url(why: str) -> InvalidArgument:
    return InvalidArgument(
        f"COCITE_REDIS_URL is wrong: {why}",
        hint="write it as redis://host:6379/0, rediss://host:6379/0 or unix:///path/to/socket",
        field="COCITE_REDIS_URL",
    )


class RedisStore:
    """A thread-safe store that may forget. Every method raises Unavailable when Redis cannot do it now.

    counts tells how often Redis failed ("failures") and was left alone ("skipped").
    """

    def __init__(self, client: redis.Redis, breaker: Breaker | None = None) -> None:
        self._client = client
        self._breaker = breaker or Breaker(MAX_FAILURES, OPEN_S)
        self._lock = threading.Lock()
        self.counts: Counter[str] = Counter()

    def get_many(self, keys: Sequence[str]) -> list[bytes | None]:
        """The value of each key, None for one that is not there; one MGET."""

        def mget() -> list[bytes | None]:
            values = cast("list[bytes | None]", self._client.mget(keys))
            if len(values) != len(keys):
                raise redis.InvalidResponse("MGET did not answer one value a key")
            return values

        return self._guarded(mget) if keys else []

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
        replies = self._guarded(lambda: pipeline.execute(raise_on_error=False))
        return sum(reply is True for reply in replies)

    def ping(self) -> None:
        """Return when Redis answers."""
        self._guarded(self._client.ping)

    def close(self) -> None:
        """Give the connections back to the system."""
        self._client.close()
        self._client.connection_pool.disconnect()

    def _guarded(self, call: Callable[[], T]) -> T:
        if not self._breaker.allow():
            self._count("skipped")
            raise Unavailable("Redis is left alone after failures in a row")
        try:
            answer = call()
        except redis.ResponseError as error:  # Redis answers, it just will not do this
            self._succeeded()
            self._count("failures")
            raise Unavailable(f"Redis refused: {error}") from None
        except (redis.RedisError, OSError, ValueError) as error:  # ValueError: what answers does not speak RESP
            self._count("failures")
            if self._breaker.failed():
                log.warning("redis unavailable", error=str(error))
            raise Unavailable("Redis does not answer") from error
        self._succeeded()
        return answer

    def _succeeded(self) -> None:
        if self._breaker.succeeded():
            log.info("redis available again")

    def _count(self, name: str) -> None:
        with self._lock:
            self.counts[name] += 1
