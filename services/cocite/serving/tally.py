"""Counting where every nanosecond counts: on the way of a request that is answered from memory."""

import itertools
import threading
from collections import defaultdict
from collections.abc import Iterator


class Tally:
    """A number that any thread raises by one, in one operation of the interpreter and without a lock: add().

    Only reading it takes a lock. A look takes a number, too, and is taken off again.
    """

    __slots__ = ("_lock", "_looks", "add")

    def __init__(self) -> None:
        self.add = itertools.count().__next__
        self._looks = 0
        self._lock = threading.Lock()

    @property
    def value(self) -> int:
        """How often it was raised."""
        with self._lock:
            value = self.add() - self._looks
            self._looks += 1
            return value


class Tallies:
    """Tallies by name, of few names. Thread-safe."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._of: defaultdict[tuple[str, ...], int] = defaultdict(int)

    def add(self, *name: str, count: int = 1) -> None:
        """Raise one of them."""
        with self._lock:
            self._of[name] += count

    def counts(self) -> dict[str, int]:
        """Each with its count, of those that have one name."""
        return {name: count for (name, *_), count in self.items()}

    def items(self) -> Iterator[tuple[tuple[str, ...], int]]:
        """Each name with its count, as they are now."""
        with self._lock:
            return iter([*self._of.items()])
