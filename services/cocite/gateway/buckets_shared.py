"""Buckets that all gateways share in one Redis, without asking it for each request.

A gateway takes a lease of several tokens out of a bucket and gives them out by itself. What is left of a lease lapses
when the bucket would have filled up by as much, so that no caller gets more at once than a bucket holds. Where Redis
does not answer, each gateway counts for itself.
"""

import asyncio
import hashlib
import time
from collections import OrderedDict
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import redis
import structlog

from cocite.cache.kept_connections import KeptConnections
from cocite.cache.redis_store import MAX_FAILURES, OPEN_S, connect
from cocite.gateway.buckets import LocalBuckets, Quota, Verdict, verdict
from cocite.serving.breaker import Breaker

log = structlog.get_logger("cocite.gateway")

_THREADS = 4
_PART, _MOST = 20, 100  # a lease is one of so many parts of a bucket, and so many tokens at most
_MOST_LEASES = 1 << 16

# Level and time of a bucket by Redis' clock; one that would be full is forgotten.
_SCRIPT = b"""
local time = redis.call('TIME')
local now = time[1] + time[2] / 1e6
local capacity, rate = tonumber(ARGV[1]), ARGV[1] / ARGV[2]
local level = capacity
local kept = redis.call('GET', KEYS[1])
if kept then
  local before, at = string.match(kept, '^(%S+) (%S+)$')
  level = math.min(capacity, before + math.max(0, now - at) * rate)
end
local given = math.min(tonumber(ARGV[3]), math.floor(level))
level = level - given
local full_ms = math.ceil((capacity - level) / rate * 1000) + 1
redis.call('SET', KEYS[1], string.format('%.6f %.6f', level, now), 'PX', full_ms)
return {given, math.floor(level * 1000)}
"""
_DIGEST = hashlib.sha1(_SCRIPT).hexdigest().encode()  # by which Redis knows it


class _Lease:
    """Tokens taken out of a bucket at a time, and what was in it then."""

    __slots__ = ("at", "level", "lock", "tokens")

    def __init__(self) -> None:
        self.lock = asyncio.Lock()
        self.tokens = 0
        self.level = 0.0
        self.at = float("-inf")

    def serves(self, now: float, size: int, rate: float) -> bool:
        """Whether it has a token, or the bucket is known to have none, so that nobody need be asked."""
        passed = now - self.at
        return passed <= size / rate and (self.tokens >= 1 or self.level + passed * rate < 1)


class SharedBuckets:
    """Buckets by name, in Redis under prefix; to be used in one event loop. clock returns seconds, monotonic.

    Raises InvalidArgument for a wrong url.
    """

    def __init__(self, url: str, timeout_s: float, prefix: str, clock: Callable[[], float] = time.monotonic) -> None:
        self._client = connect(url, timeout_s, _THREADS)
        self._connections = KeptConnections(self._client.connection_pool)
        self._threads = ThreadPoolExecutor(_THREADS, thread_name_prefix="quota")
        self._breaker = Breaker(MAX_FAILURES, OPEN_S)
        self._prefix = prefix
        self._clock = clock
        self._leases: OrderedDict[str, _Lease] = OrderedDict()
        self._local = LocalBuckets(clock=clock)

    async def take(self, name: str, quota: Quota) -> Verdict:
        """See Buckets."""
        lease, rate = self._lease(name), quota.rate
        size = max(1, min(_MOST, quota.requests // _PART))
        if not lease.serves(self._clock(), size, rate):
            async with lease.lock:  # who waited for another's renewal may find it enough
                if not lease.serves(self._clock(), size, rate) and not await self._renew(lease, name, size, quota):
                    return await self._local.take(name, quota)
        granted = lease.tokens >= 1
        lease.tokens -= granted
        level = lease.tokens + lease.level + (self._clock() - lease.at) * rate
        return verdict(granted, min(quota.requests, level), quota)

    def close(self) -> None:
        """See Buckets."""
        self._threads.shutdown(wait=False, cancel_futures=True)
        self._client.close()
        self._client.connection_pool.disconnect()

    def _lease(self, name: str) -> _Lease:
        lease = self._leases.get(name)
        if lease is None:
            lease = self._leases[name] = _Lease()
            if len(self._leases) > _MOST_LEASES:
                self._leases.popitem(last=False)
        else:
            self._leases.move_to_end(name)
        return lease

    async def _renew(self, lease: _Lease, name: str, size: int, quota: Quota) -> bool:
        """Take a lease anew; False when Redis cannot be asked."""
        if not self._breaker.allow():
            return False
        asked = (f"{self._prefix}{name}".encode(), b"%d" % quota.requests, b"%d" % quota.window_s, b"%d" % size)
        try:
            tokens, thousandths = await asyncio.get_running_loop().run_in_executor(self._threads, self._ask, asked)
        except (redis.RedisError, OSError, ValueError) as error:
            if self._breaker.failed():
                log.warning("quotas count for this gateway alone: Redis does not answer", error=str(error))
            return False
        if self._breaker.succeeded():
            log.info("quotas are shared again")
        lease.tokens, lease.level, lease.at = tokens, thousandths / 1000, self._clock()
        return True

    def _ask(self, asked: tuple[bytes, ...]) -> list[int]:
        command = self._connections.command
        try:
            found: list[int] = command(b"EVALSHA", _DIGEST, b"1", *asked)
        except redis.exceptions.NoScriptError:
            found = command(b"EVAL", _SCRIPT, b"1", *asked)
        return found
