import pytest

from cocite.cache.keys import Keys
from cocite.cache.redis_store import RedisStore
from cocite.features.papers import PaperReader
from cocite.features.vectors import VectorCache
from support.feature_stores import KESSLER, SMALL, MemorySource
from support.redis_stores import breaker, clock, hasty_store, store, valkey

__all__ = ["breaker", "clock", "hasty_store", "store", "valkey"]  # fixtures for the tests of this folder


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
