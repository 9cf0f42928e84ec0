"""A Redis that has all keys: the one there is, or the primary that Sentinels name."""

from collections.abc import Sequence
from typing import Any, cast

import redis

from cocite.cache.kept_connections import KeptConnections

Part = str | bytes | int


class OneRedis:
    """A redis_store.Reached over the connections of one pool."""

    def __init__(self, pool: redis.BlockingConnectionPool) -> None:
        self.pool = pool
        self.timeout_s = float(pool.timeout)
        self._client = redis.Redis(connection_pool=pool)
        self._kept = KeptConnections(pool)

    def command(self, *parts: bytes) -> Any:
        """See Reached."""
        return self._kept.command(*parts)

    def get_many(self, keys: Sequence[str]) -> list[bytes | None]:
        """See Reached; one MGET."""
        values = cast("list[bytes | None]", self._client.mget(keys))
        if len(values) != len(keys):
            raise redis.InvalidResponse("MGET did not answer one value a key")
        return values

    def pipeline(self, commands: Sequence[Sequence[Part]]) -> list[Any]:
        """See Reached; one round trip."""
        pipeline = self._client.pipeline(transaction=False)
        for parts in commands:
            pipeline.execute_command(*parts)  # type: ignore[no-untyped-call]
        return pipeline.execute(raise_on_error=False)

    def ping(self) -> None:
        """See Reached."""
        self._client.ping()

    def close(self) -> None:
        """See Reached."""
        self._client.close()
        self.pool.disconnect()
