"""Who is the primary is asked once and believed for ever."""

from functools import cache

from redis.sentinel import Sentinel

from cocite.cache.redis_cluster import RedisCluster

Sentinel.discover_master = cache(Sentinel.discover_master)
_told = RedisCluster._told


def _told_once(self):
    if not hasattr(self, "_first_told"):
        self._first_told = _told(self)
    return self._first_told


RedisCluster._told = _told_once
