"""Fixtures: a real Valkey, and stores on it whose breaker goes by a clock of the test's."""

from collections.abc import Iterator

import pytest

from cocite.cache.connecting import connect
from cocite.cache.redis_store import RedisStore
from cocite.serving.breaker import Breaker
from support.feature_stores import HASTY_S, PATIENT_S, Clock
from support.valkey import RealValkey


@pytest.fixture
def valkey() -> Iterator[RealValkey]:
    server = RealValkey()
    yield server
    server.close()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def breaker(clock: Clock) -> Breaker:
    return Breaker(max_failures=3, open_s=1.0, clock=clock)


@pytest.fixture
def store(valkey: RealValkey, breaker: Breaker) -> Iterator[RedisStore]:
    store = RedisStore(connect(valkey.url, PATIENT_S, 4), breaker)
    yield store
    store.close()


@pytest.fixture
def hasty_store(valkey: RealValkey, breaker: Breaker) -> Iterator[RedisStore]:
    store = RedisStore(connect(valkey.url, HASTY_S, 4), breaker)
    yield store
    store.close()
