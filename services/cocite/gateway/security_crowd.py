"""How many connections are held, and which have to go: those without requests, so that nobody can take all of them."""

from collections.abc import Callable, Iterable
from functools import lru_cache
from ipaddress import ip_address, ip_network
from typing import Protocol

_SETTLED_S = 1.0  # for so long a new connection is not taken for an idle one of its address


class Connection(Protocol):
    """What is known of a connection."""

    host: str
    household: str

    def idle_s(self) -> float | None:
        """Seconds without a request, None while it has one."""

    def cut(self) -> None:
        """End it at once."""


class Crowd:
    """Connections of one process: at most so many, of one household so many. proxies stand for many households."""

    def __init__(self, most: int, most_of_one: int, proxies: Iterable[str]) -> None:
        self._most = most
        self._most_of_one = most_of_one
        self._proxies = [ip_network(each) for each in proxies]
        self._is_proxy: Callable[[str], bool] = lru_cache(1024)(self._knows)
        self._held: set[Connection] = set()

    def enter(self, new: Connection) -> bool:
        """Hold a connection; idle ones make room. False where its household has as many at work as it may have."""
        if len(self._held) >= self._most and not self._drop(self._held, 0.0):
            new.cut()
            return False
        theirs = [] if self._is_proxy(new.host) else [each for each in self._held if each.household == new.household]
        self._held.add(new)
        return len(theirs) < self._most_of_one or self._drop(theirs, _SETTLED_S)

    def leave(self, one: Connection) -> None:
        """Hold it no longer."""
        self._held.discard(one)

    def _drop(self, among: Iterable[Connection], idle_s: float) -> bool:
        """End the one that has had no request for longest, if that is so long; whether there was one."""
        idle = [(told, each) for each in among if (told := each.idle_s()) is not None and told >= idle_s]
        if not idle:
            return False
        _, longest = max(idle, key=lambda each: each[0])
        self.leave(longest)
        longest.cut()
        return True

    def _knows(self, host: str) -> bool:
        try:
            address = ip_address(host)
        except ValueError:
            return False
        return any(address in network for network in self._proxies)
