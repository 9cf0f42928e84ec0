"""A store whose Redis is several: a primary that Sentinels name, and a Cluster. Real ones, of real processes."""

import time
from collections.abc import Iterator

import pytest

from chaos.harness.redis_groups import Cluster, Sentinels
from cocite.cache.connecting import connect
from cocite.cache.keys import Keys
from cocite.cache.one_redis import OneRedis
from cocite.cache.redis_cluster import RedisCluster
from cocite.cache.redis_store import RedisStore
from cocite.core.errors import InvalidArgument, Unavailable
from support.feature_stores import PATIENT_S
from support.stack import eventually

VALUES = [(f"k:{number}", b"%d" % number) for number in range(60)]


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    with Cluster(tmp_path_factory.mktemp("c")) as group:
        yield group


@pytest.fixture(scope="module")
def sentinels(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sentinels]:
    with Sentinels(tmp_path_factory.mktemp("s")) as group:
        yield group


def opened(url: str) -> RedisStore:
    return RedisStore(connect(url, PATIENT_S, 4))


def well(store: RedisStore) -> bool:
    """Whether it stores, after a look of the health watch."""
    try:
        store.ping()
        return store.put_many(VALUES, 60) == len(VALUES)
    except Unavailable:
        return False


def test_a_cluster_keeps_every_value_wherever_its_slot_is(cluster: Cluster) -> None:
    store = opened(cluster.url)
    store.ping()
    assert store.put_many(VALUES, 60) == len(VALUES)
    assert store.get_many([key for key, _ in VALUES]) == [value for _, value in VALUES]
    assert [store.get(key) for key, _ in VALUES] == [value for _, value in VALUES]
    assert all(node.raw.dbsize() > 0 for node in cluster.primaries)  # and not all in one place
    store.delete([key for key, _ in VALUES])
    assert store.get_many([key for key, _ in VALUES]) == [None] * len(VALUES)
    assert store.put_new("once", b"1", 60) and not store.put_new("once", b"2", 60)
    store.close()


def test_a_script_in_a_cluster_may_use_all_that_trending_keeps(cluster: Cluster) -> None:
    store, keys = opened(cluster.url), Keys("test")
    store.ping()
    script = "redis.call('SET', ARGV[1], 'x') return redis.call('GET', KEYS[1])"
    for part in ("state", "papers", "gone"):
        assert store.commands([("EVAL", script, 1, keys.trending("a"), keys.trending(part))]) is not None
    with pytest.raises(Unavailable):  # of another slot, which no tag of the key ties to the first
        store.commands([("EVAL", script, 1, "a", "b")])
    store.close()


def test_a_cluster_that_was_never_reached_is_unavailable_and_then_there(cluster: Cluster) -> None:
    nowhere = opened("redis+cluster://127.0.0.1:1")
    with pytest.raises(Unavailable):
        nowhere.get("k")
    nowhere.close()
    store = opened(f"redis+cluster://127.0.0.1:1,{cluster.nodes[0].host}:{cluster.nodes[0].port}")
    assert store.get("nothing") is None  # found out by the first who asks
    store.close()


def test_a_lost_primary_of_a_cluster_costs_its_keys_until_another_has_taken_its_place(cluster: Cluster) -> None:
    store = opened(cluster.url)
    assert well(store)
    lost = cluster.primaries[0]
    lost.kill()
    values = store.get_many([key for key, _ in VALUES])
    right = [value for _, value in VALUES]
    assert any(values) and not all(values)  # those of the others are there all the same
    assert all(found in (None, value) for found, value in zip(values, right, strict=True))
    started = time.monotonic()
    assert 0 < store.put_many(VALUES, 60) < len(VALUES)
    assert eventually(lambda: well(store)), time.monotonic() - started
    assert store.get_many([key for key, _ in VALUES]) == right
    lost.start()
    assert eventually(lambda: well(store))
    store.close()


def test_the_primary_that_sentinels_name_is_followed(sentinels: Sentinels) -> None:
    store = opened(sentinels.url)
    assert well(store)
    assert store.get_many([key for key, _ in VALUES]) == [value for _, value in VALUES]
    lost = sentinels.primary
    assert lost.raw.dbsize() == len(VALUES)
    lost.kill()
    with pytest.raises(Unavailable):
        store.get_many(["k:0"])
    assert eventually(lambda: well(store))
    assert sentinels.primary is not lost
    lost.start()
    assert eventually(lambda: lost.raw.info("replication")["role"] == "slave")  # by order of the Sentinels
    assert eventually(lambda: well(store))
    assert store.get_many([key for key, _ in VALUES]) == [value for _, value in VALUES]
    store.close()


@pytest.mark.parametrize(
    "url",
    [
        "redis+sentinel://host:26379",
        "redis+sentinel://host:26379/?db=1",
        "redis+sentinel:///papers",
        "redis+sentinel://host:26379/papers/geheim",
        "redis+cluster://host:6379/3",
        "redis+cluster://host:6379/papers",
        "redis+cluster://host:geheim",
        "redis+cluster://host:6379?sentinel_password=geheim",
        "redis+nonsense://user:geheim@host",
        "unix+cluster:///geheim",
    ],
)
def test_a_url_of_several_that_cannot_be_is_refused_and_not_shown(url: str) -> None:
    with pytest.raises(InvalidArgument) as caught:
        connect(url, 0.02, 4)
    assert caught.value.field == "COCITE_REDIS_URL" and "geheim" not in str(caught.value)


def test_what_belongs_to_a_connection_reaches_every_node() -> None:
    reached = connect("rediss+sentinel://me:x@a,b:1/papers/3?ssl_cert_reqs=none&sentinel_password=y", 0.02, 4)
    assert isinstance(reached, OneRedis)
    made = reached.pool.connection_kwargs
    assert (made["username"], made["password"], made["db"], made["socket_timeout"]) == ("me", "x", 3, 0.02)
    cluster = connect("redis+cluster://:x@a:1,b", 0.02, 4)
    assert isinstance(cluster, RedisCluster)
    assert sorted(cluster._seeds) == [("a", 1), ("b", 6379)]
