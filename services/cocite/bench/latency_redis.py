"""The Valkey of a bench: its own, on the cores of the servers."""

import time
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from typing import Self

import redis

from cocite.bench.latency_rivals import rival_json, rival_key
from cocite.cache.connecting import connect
from cocite.cache.embedded import EmbeddedValkey
from cocite.cache.redis_store import RedisStore
from cocite.core.errors import Unavailable
from cocite.core.settings import Settings
from cocite.load.processes import pin

_KEPT_S = 30.0  # within which answers have to be there


class Redis:
    """url and pid of a running one."""

    def __init__(self, url: str) -> None:
        self.url = url
        self._client = redis.Redis.from_url(url)
        self.pid = int(self._client.info("server")["process_id"])

    @classmethod
    @contextmanager
    def embedded(cls, settings: Settings, cores: Collection[int]) -> Iterator[Self]:
        """One that ends with the block. Raises NotReady where no Valkey can run."""
        valkey = EmbeddedValkey(settings.embedded_redis_memory)
        try:
            store = RedisStore(connect(valkey.url, settings.redis_timeout_s, 1))
            valkey.wait_until_ready(store)
            store.close()
            found = cls(valkey.url)
            pin(found.pid, cores)
            try:
                yield found
            finally:
                found._client.close()
        finally:
            valkey.close()

    def wait_for_answers(self, count: int) -> None:
        """Return when recommenders have put so many answers there. Raises Unavailable when they do not in time."""
        end = time.monotonic() + _KEPT_S
        while (kept := sum(1 for _ in self._client.scan_iter("*:answer:*", 1000))) < count:
            if time.monotonic() > end:
                raise Unavailable(f"{kept} of {count} answers are in Redis after {_KEPT_S:.0f} s")
            time.sleep(0.05)

    def keep_for_rivals(self, answers: Mapping[str, bytes]) -> None:
        """Put answers there by their papers, as rivals want them."""
        for paper_id, answer in answers.items():
            self._client.set(rival_key(paper_id), rival_json(answer))
