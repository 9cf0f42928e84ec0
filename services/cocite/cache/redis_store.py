"""Bytes by key in Redis: one round trip a batch, a bound on every wait, and one error for whatever goes wrong.

Nothing is tried twice, see connecting.py. An answer that trickles in for longer than SLOW_TIMEOUTS is still taken, but
counts as a failure; after a few failures in a row Redis is left alone until ping() finds it well.
"""

import random
import threading
import time
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any, Protocol, TypeVar, cast

import redis
import structlog

from cocite.cache.connecting import SLOW_TIMEOUTS
from cocite.core.errors import Unavailable
from cocite.serving.breaker import Breaker

log = structlog.get_logger("cocite.redis")

MAX_FAILURES = 3
OPEN_S = 0.5  # less than the pause between two looks of the health watch, which are what ends an outage
_TTL_SPREAD = 0.1  # lifetimes differ by up to this fraction, so that what was stored together does not expire together

T = TypeVar("T")


class Reached(Protocol):
    """A Redis, however it is reached. Every method raises what redis-py raises, or OSError."""

    timeout_s: float

    def command(self, *parts: bytes) -> Any:
        """What it answers to one command, by the shortest way; the key is where GET, EVAL and EVALSHA have it."""

    def get_many(self, keys: Sequence[str]) -> list[bytes | None]:
        """The value of each key, None for one that is not there."""

    def pipeline(self, commands: Sequence[Sequence[str | bytes | int]]) -> list[Any]:
        """What it answers to each command, an exception where that is refused."""

    def ping(self) -> None:
        """Return when it answers."""

    def close(self) -> None:
        """Give the connections back to the system."""


class RedisStore:
    """A thread-safe store that may forget. Every method raises Unavailable when Redis cannot do it now.

    After MAX_FAILURES failures in a row only ping() asks Redis, until that succeeds: somebody has to call it now and
    then, and it is that thread which waits. slow_s is what a call may take in all without counting as a failure.
    counts tells how often Redis failed ("failures") and was left alone ("skipped").
    """

    def __init__(self, reached: Reached, breaker: Breaker | None = None, slow_s: float | None = None) -> None:
        self._redis = reached
        self._slow_s = SLOW_TIMEOUTS * reached.timeout_s if slow_s is None else slow_s
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
            return cast("bytes | None", self._redis.command(b"GET", key.encode()))

        return self._guarded(get, self._breaker.closed)

    def get_many(self, keys: Sequence[str]) -> list[bytes | None]:
        """The value of each key, None for one that is not there; one MGET, or a round trip to each node concerned."""
        return self._guarded(lambda: self._redis.get_many(keys), self._breaker.closed) if keys else []

    def put_many(self, values: Sequence[tuple[str, bytes]], ttl_s: int) -> int:
        """Store values for at most ttl_s seconds and a tenth less at least; one pipeline. Returns how many Redis took,
        fewer than given when its memory is full.
        """
        if not values:
            return 0
        shortest = max(1, round(ttl_s * (1 - _TTL_SPREAD)))
        commands = [("SET", key, value, "EX", random.randint(shortest, ttl_s)) for key, value in values]
        replies = self._guarded(lambda: self._redis.pipeline(commands), self._breaker.closed)
        return sum(reply is True for reply in replies)

    def put_new(self, key: str, value: bytes, ttl_s: int) -> bool:
        """Store a value for ttl_s seconds unless the key has one; whether it did. One SET."""
        (reply,) = self.commands([("SET", key, value, "EX", ttl_s, "NX")])
        return bool(reply)

    def delete(self, keys: Sequence[str]) -> None:
        """Let keys have no value; a DEL for each, in one pipeline."""
        if keys:
            self.commands([("DEL", key) for key in keys])

    def commands(self, commands: Sequence[tuple[str | bytes | int, ...]]) -> list[Any]:
        """What Redis answers to other commands, each given as its parts, with one key; one pipeline, in which one that
        is refused fails all.
        """

        def run() -> list[Any]:
            replies = self._redis.pipeline(commands)
            for reply in replies:
                if isinstance(reply, Exception):
                    raise reply
            return replies

        return self._guarded(run, self._breaker.closed)

    def ping(self) -> None:
        """Return when Redis answers, which ends an outage."""
        self._guarded(self._redis.ping, self._breaker.allow())

    def close(self) -> None:
        """Give the connections back to the system."""
        self._redis.close()

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
