"""How many calls of a process compute at once.

Threads of Python that compute take turns, and whoever takes in new calls is one among them: with many at it every call
is late, and so is every refusal. So a call computes by a permit, and gives it back while it waits for another service.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

_own = threading.local()  # .held: the Computing whose permit a thread has


class Computing:
    """So many permits. Who has waited for another service and goes on is let in before who begins. Thread-safe."""

    def __init__(self, permits: int) -> None:
        self._free = permits
        self._returning = 0
        lock = threading.Lock()
        self._beginners, self._returners = threading.Condition(lock), threading.Condition(lock)

    @contextmanager
    def permit(self) -> Iterator[None]:
        """Compute within the block, when it is this thread's turn."""
        with self._beginners:
            while not self._free or self._returning:
                self._beginners.wait()
            self._free -= 1
        _own.held = self
        try:
            yield
        finally:
            _own.held = None
            self._give_back()

    @contextmanager
    def _without(self) -> Iterator[None]:
        self._give_back()
        try:
            yield
        finally:
            with self._returners:
                self._returning += 1
                while not self._free:
                    self._returners.wait()
                self._returning -= 1
                self._free -= 1
                if self._free:  # whoever was told so before may have found somebody returning
                    self._told()

    def _give_back(self) -> None:
        with self._beginners:
            self._free += 1
            self._told()

    def _told(self) -> None:
        (self._returners if self._returning else self._beginners).notify()


@contextmanager
def waiting() -> Iterator[None]:
    """Let others compute within the block, where this thread would only wait; it needs no permit to be called."""
    held: Computing | None = getattr(_own, "held", None)
    if held is None:
        yield
    else:
        with held._without():
            yield
