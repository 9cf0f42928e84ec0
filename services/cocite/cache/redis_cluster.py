"""A Cluster, in which each of 16384 slots of keys has its primary: a round trip to each node that a batch concerns.

redis-py's own client of a Cluster sleeps a quarter of a second, asks again and dials other nodes while a call waits.
Here a call asks the nodes that were known when it began, once. A node that fails is left alone, its keys being misses,
until ping() has asked who has which slot by now.
"""

import threading
import time
from collections.abc import Callable, Sequence
from typing import Any

import redis
from redis.cluster import parse_cluster_slots
from redis.crc import key_slot
from redis.exceptions import MovedError

from cocite.cache.one_redis import OneRedis, Part
from cocite.cache.redis_url import Address

_LOOK_S = 2.0  # more than the pause between two pings of a health watch, for those who have none
_SLOTS = 16384
_KEY_OF_SCRIPT = 3  # EVAL script 1 key ...
OpenPool = Callable[[Address], redis.BlockingConnectionPool]


class _Node:
    """A primary. away: it failed when it was asked last."""

    def __init__(self, pool: redis.BlockingConnectionPool) -> None:
        self.redis = OneRedis(pool)
        self.away = False


class RedisCluster:
    """A redis_store.Reached that knows its primaries. seeds: where some nodes are. Thread-safe.

    Raises what open_pool raises for addresses that cannot be.
    """

    def __init__(self, seeds: Sequence[Address], open_pool: OpenPool) -> None:
        self._open_pool = open_pool
        self._seeds = {address: _Node(open_pool(address)) for address in seeds}
        self.timeout_s = next(iter(self._seeds.values())).redis.timeout_s
        self._nodes: dict[Address, _Node] = {}
        self._slots: list[_Node | None] = [None] * _SLOTS
        self._looking = threading.Lock()
        self._looked_at = float("-inf")
        self._moved = False

    def command(self, *parts: bytes) -> Any:
        """See Reached."""
        node = self._node(parts)
        try:
            return node.redis.command(*parts)
        except redis.ResponseError as error:
            self._note(error)
            raise
        except (redis.RedisError, OSError):
            node.away = True
            raise

    def get_many(self, keys: Sequence[str]) -> list[bytes | None]:
        """See Reached; keys of nodes that are away are not there. Raises when all of them are."""
        answers = self.pipeline([("GET", key) for key in keys])
        if answers and all(isinstance(answer, Exception) for answer in answers):
            raise answers[0]
        return [None if isinstance(answer, Exception) else answer for answer in answers]

    def pipeline(self, commands: Sequence[Sequence[Part]]) -> list[Any]:
        """See Reached; one round trip a node."""
        answers: list[Any] = [None] * len(commands)
        places: dict[_Node, list[int]] = {}
        for place, parts in enumerate(commands):
            try:
                places.setdefault(self._node(parts), []).append(place)
            except redis.ConnectionError as error:
                answers[place] = error
        for node, own in places.items():
            for place, answer in zip(own, self._asked(node, [commands[each] for each in own]), strict=True):
                answers[place] = answer
        return answers

    def ping(self) -> None:
        """Ask who has which slot, and each of them whether it is well. Raises redis.ConnectionError when none is."""
        with self._looking:
            self._looked_at = time.monotonic()
            self._take(self._told())
            for node in self._nodes.values():
                node.away = not _is_well(node)
            if all(node.away for node in self._nodes.values()):
                raise redis.ConnectionError("no primary of the Cluster answers")

    def close(self) -> None:
        """See Reached."""
        for node in (*self._seeds.values(), *self._nodes.values()):
            node.redis.close()

    def _asked(self, node: _Node, commands: Sequence[Sequence[Part]]) -> Sequence[Any]:
        try:
            answers = node.redis.pipeline(commands)
        except (redis.RedisError, OSError) as error:
            node.away = True
            return [error] * len(commands)
        for answer in answers:
            self._note(answer)
        return answers

    def _note(self, answer: object) -> None:
        if isinstance(answer, MovedError):
            self._moved = True

    def _node(self, parts: Sequence[Part]) -> _Node:
        """The node that has the key of a command. Raises redis.ConnectionError when it is away, or not known."""
        key = parts[_KEY_OF_SCRIPT if parts[0] in ("EVAL", b"EVAL", b"EVALSHA") else 1]
        slot = key_slot(key if isinstance(key, bytes) else str(key).encode())
        node = self._slots[slot]
        if (self._moved or node is None or node.away) and time.monotonic() - self._looked_at > _LOOK_S:
            self.ping()
            node = self._slots[slot]
        if node is None or node.away:
            raise redis.ConnectionError("the node of the Cluster that has the key is left alone")
        return node

    def _told(self) -> dict[tuple[int, int], Address]:
        """First and last slot of each range, and where its primary is, from the first node that says."""
        asked = {**self._nodes, **self._seeds}
        for (host, _), node in sorted(asked.items(), key=lambda each: each[1].away):
            try:
                (answer,) = node.redis.pipeline([("CLUSTER", "SLOTS")])
            except (redis.RedisError, OSError):
                node.away = True
                continue
            if isinstance(answer, list):
                told = parse_cluster_slots(answer, current_host=host)
                return {slots: tuple(server["primary"][:2]) for slots, server in told.items()}
        raise redis.ConnectionError("no node of the Cluster answers")

    def _take(self, ranges: dict[tuple[int, int], Address]) -> None:
        """Let each slot have its primary, and others be forgotten."""
        nodes = {place: self._nodes.get(place) or _Node(self._open_pool(place)) for place in set(ranges.values())}
        slots: list[_Node | None] = [None] * _SLOTS
        for (first, last), place in ranges.items():
            slots[first : last + 1] = [nodes[place]] * (last + 1 - first)
        gone = [node for place, node in self._nodes.items() if place not in nodes]
        self._nodes, self._slots, self._moved = nodes, slots, False
        for node in gone:
            node.redis.close()


def _is_well(node: _Node) -> bool:
    try:
        node.redis.ping()
    except (redis.RedisError, OSError):
        return False
    return True
