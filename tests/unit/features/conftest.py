from collections.abc import Iterator

import pytest

from cocite.features.keys import Keys
from cocite.features.papers import PaperReader
from cocite.features.redis_store import RedisStore, connect
from cocite.features.vectors import VectorCache
from cocite.serving.breaker import Breaker
from support.feature_stores import HASTY_S, KESSLER, PATIENT_S, SMALL, Clock, MemorySource
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


@pytest.fixture
def source() -> MemorySource:
    return MemorySource({SMALL.paper_id: SMALL, SMALL.aliases[0]: SMALL, KESSLER.paper_id: KESSLER})


@pytest.fixture
def keys() -> Keys:
    return Keys("test")


@pytest.fixture
def reader(store: RedisStore, source: MemorySource, keys: Keys) -> PaperReader:
    return PaperReader(store, source, keys, ttl_s=600)


@pytest.fixture
def vectors(store: RedisStore, keys: Keys) -> VectorCache:
    return VectorCache(store, keys, ttl_s=600)
