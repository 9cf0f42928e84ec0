"""A thread that does something for calls which are under way for long."""

import heapq
import threading
import time
from collections.abc import Callable
from itertools import count
from weakref import WeakMethod

Act = Callable[[], bool]


class Watch:
    """Does things when they are due; the thread begins with the first of them."""

    def __init__(self) -> None:
        self._due: list[tuple[float, int, float, WeakMethod[Act]]] = []
        self._numbers = count()  # things that are due at once are not compared
        self._changed = threading.Condition()
        self._thread: threading.Thread | None = None
        self._closed = False

    def add(self, act: WeakMethod[Act], begun: float, every_s: float) -> None:
        """Call act each every_s seconds from begun, monotonic, for as long as it lives and returns True."""
        with self._changed:
            entry = (begun + every_s, next(self._numbers), every_s, act)
            heapq.heappush(self._due, entry)
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="hedging", daemon=True)
                self._thread.start()
            elif self._due[0] is entry:
                self._changed.notify()

    def close(self) -> None:
        """End the thread; nothing is done any more."""
        with self._changed:
            self._closed = True
            self._changed.notify()

    def _run(self) -> None:
        while (entry := self._next()) is not None:
            due, _, every_s, reference = entry
            if (act := reference()) is not None and act():
                self.add(reference, due, every_s)
            del act  # or else what has ended lives on until the next is due

    def _next(self) -> tuple[float, int, float, WeakMethod[Act]] | None:
        with self._changed:
            while not self._closed:
                wait_s = self._due[0][0] - time.monotonic() if self._due else None
                if wait_s is not None and wait_s <= 0.0:
                    return heapq.heappop(self._due)
                self._changed.wait(wait_s)
        return None
