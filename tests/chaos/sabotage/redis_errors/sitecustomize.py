"""Errors of Redis go through to whoever called, as they would without a guard around each command."""

from cocite.cache.redis_store import RedisStore


def _unguarded(self, call, allowed):
    return call()


RedisStore._guarded = _unguarded
