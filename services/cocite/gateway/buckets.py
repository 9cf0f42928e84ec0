"""Token buckets: so many requests in a window of time, all of them at once if need be (Turner 1986)."""

import time
from collections import OrderedDict
from collections.abc import Callable
from typing import NamedTuple, Protocol

_MOST_BUCKETS = 1 << 16  # of those asked of longest ago nothing is remembered: they are likely full again


class Quota(NamedTuple):
    """What a bucket holds, and the seconds in which it fills. name is what callers are told."""

    name: str
    requests: int
    window_s: int = 60

    @property
    def rate(self) -> float:
        """Requests a second."""
        return self.requests / self.window_s


class Verdict(NamedTuple):
    """Whether what was asked may pass; whole requests left; seconds until the bucket is full; seconds until it may."""

    granted: bool
    left: int
    full_s: float
    wait_s: float


def verdict(granted: bool, level: float, quota: Quota, count: int) -> Verdict:
    """What a bucket with so much left in it says to who asked for count."""
    rate = quota.rate
    return Verdict(granted, int(level), (quota.requests - level) / rate, max(0.0, count - level) / rate)


class Buckets(Protocol):
    """Buckets by name."""

    async def take(self, name: str, quota: Quota, count: int = 1) -> Verdict:
        """Take so many requests out of the bucket of that name, all or none."""

    def close(self) -> None:
        """Let go of what is held for them."""


class LocalBuckets:
    """Buckets of this process. clock returns seconds on a monotonic clock."""

    def __init__(self, most: int = _MOST_BUCKETS, clock: Callable[[], float] = time.monotonic) -> None:
        self._most = most
        self._clock = clock
        self._levels: OrderedDict[str, tuple[float, float]] = OrderedDict()  # level, and when that was

    def __len__(self) -> int:
        return len(self._levels)

    def close(self) -> None:
        """See Buckets."""

    async def take(self, name: str, quota: Quota, count: int = 1) -> Verdict:
        """See Buckets."""
        now = self._clock()
        level, at = self._levels.get(name, (quota.requests, now))
        level = min(quota.requests, level + (now - at) * quota.rate)
        granted = level >= count
        level -= count * granted
        self._levels[name] = (level, now)
        self._levels.move_to_end(name)
        if len(self._levels) > self._most:
            self._levels.popitem(last=False)
        return verdict(granted, level, quota, count)
