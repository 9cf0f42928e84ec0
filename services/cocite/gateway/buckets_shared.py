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

from cocite.cache.connecting import connect
from cocite.cache.redis_store import MAX_FAILURES, OPEN_S
from cocite.gateway.buckets import LocalBuckets, Quota, Verdict, verdict
from cocite.serving.breaker import Breaker

log = structlog.get_logger("cocite.gateway")

_THREADS = 4
_PART, _MOST = 20, 100  # a lease is one of so many parts of a bucket, and so many tokens at most
_MOST_LEASES = 1 << 16

# Level and time of a bucket by Redis' clock; one that would be full is forgotten. Arguments: what it holds, the seconds
# in which it fills, what to take if it is there, and less than what to take none.
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
local given = math.min(math.max(tonumber(ARGV[3]), tonumber(ARGV[4])), math.floor(level))
if given < tonumber(ARGV[4]) then given = 0 end
level = level - given
local full_ms = math.ceil((capacity - level) / rate * 1000) + 1
redis.call('SET', KEYS[1], string.format('%.6f %.6f', level, now), 'PX', full_ms)
return {given, math.floor(level * 1000)}
"""
_DIGEST = hashlib.sha1(_SCRIPT).hexdigest().encode()  # by which Redis knows it


class _Lease:
    """Tokens taken out of a bucket at a time, and what was in it then."""

    __slots__ = ("at", "lapses_at", "level", "lock", "tokens")

    def __init__(self) -> None:
        self.lock = asyncio.Lock()
        self.tokens = 0
        self.level = 0.0
        self.at = self.lapses_at = float("-inf")

    def serves(self, now: float, rate: float, count: int) -> bool:
        """Whether it has so many, or the bucket is known not to have what is missing, so that nobody need be asked."""
        missing = count - self.tokens
        return now <= self.lapses_at and (missing <= 0 or self.level + (now - self.at) * rate < missing)

    def add(self, tokens: int, level: float, now: float, lasts_s: float) -> None:
        """Take in more tokens; what is left of the ones before lapses no later for that."""
        if not self.tokens:
            self.lapses_at = now + lasts_s
        self.tokens += tokens
        self.level, self.at = level, now


class SharedBuckets:
    """Buckets by name, in Redis under prefix; to be used in one event loop. clock returns seconds, monotonic.

    Raises InvalidArgument for a wrong url.
    """

    def __init__(self, url: str, timeout_s: float, prefix: str, clock: Callable[[], float] = time.monotonic) -> None:
        self._redis = connect(url, timeout_s, _THREADS)
        self._threads = ThreadPoolExecutor(_THREADS, thread_name_prefix="quota")
        self._breaker = Breaker(MAX_FAILURES, OPEN_S)
        self._prefix = prefix
        self._clock = clock
        self._leases: OrderedDict[str, _Lease] = OrderedDict()
        self._local = LocalBuckets(clock=clock)

    async def take(self, name: str, quota: Quota, count: int = 1) -> Verdict:
        """See Buckets."""
        lease, rate = self._lease(name), quota.rate
        if not lease.serves(self._clock(), rate, count):
            async with lease.lock:  # who waited for another's renewal may find it enough
                if not lease.serves(self._clock(), rate, count) and not await self._renew(lease, name, quota, count):
                    return await self._local.take(name, quota, count)
        granted = lease.tokens >= count
        lease.tokens -= count * granted
        level = lease.tokens + lease.level + (self._clock() - lease.at) * rate
        return verdict(granted, min(quota.requests, level), quota, count)

    def close(self) -> None:
        """See Buckets."""
        self._threads.shutdown(wait=False, cancel_futures=True)
        self._redis.close()

    def _lease(self, name: str) -> _Lease:
        lease = self._leases.get(name)
        if lease is None:
            lease = self._leases[name] = _Lease()
            if len(self._leases) > _MOST_LEASES:
                self._leases.popitem(last=False)
        else:
            self._leases.move_to_end(name)
        return lease

    async def _renew(self, lease: _Lease, name: str, quota: Quota, count: int) -> bool:
        """Take a lease anew that is enough for count, if the bucket is; False when Redis cannot be asked."""
        if not self._breaker.allow():
            return False
        if self._clock() > lease.lapses_at:
            lease.tokens = 0
        size = max(1, min(_MOST, quota.requests // _PART))
        numbers = (quota.requests, quota.window_s, size, count - lease.tokens)
        asked = (f"{self._prefix}{name}".encode(), *(b"%d" % each for each in numbers))
        try:
            tokens, thousandths = await asyncio.get_running_loop().run_in_executor(self._threads, self._ask, asked)
        except (redis.RedisError, OSError, ValueError) as error:
            if self._breaker.failed():
                log.warning("quotas count for this gateway alone: Redis does not answer", error=str(error))
            return False
        if self._breaker.succeeded():
            log.info("quotas are shared again")
        lease.add(tokens, thousandths / 1000, self._clock(), size / quota.rate)
        return True

    def _ask(self, asked: tuple[bytes, ...]) -> list[int]:
        command = self._redis.command
        try:
            found: list[int] = command(b"EVALSHA", _DIGEST, b"1", *asked)
        except redis.exceptions.NoScriptError:
            found = command(b"EVAL", _SCRIPT, b"1", *asked)
        return found
