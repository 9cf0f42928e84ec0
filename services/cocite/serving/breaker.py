"""A circuit breaker: what fails again and again is left alone for a while (Nygard, Release It!, 2007)."""

import threading
import time
from collections.abc import Callable


class Breaker:
    """Closed until max_failures calls in a row have failed; then open for open_s seconds; then half open.

    Half open, one call a pause may probe. A probe that succeeds closes it, one that fails opens it anew. Thread-safe.

    clock returns seconds on a monotonic clock.
    """

    def __init__(self, max_failures: int, open_s: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._max_failures = max_failures
        self._open_s = open_s
        self._clock = clock
        self._lock = threading.Lock()
        self._failures = 0
        self._probe_at = 0.0

    @property
    def closed(self) -> bool:
        """Whether calls pass freely."""
        return self._failures < self._max_failures

    def allow(self) -> bool:
        """Whether a call may go ahead; whoever gets True reports succeeded() or failed()."""
        if self.closed:
            return True
        with self._lock:
            now = self._clock()
            if now < self._probe_at:
                return False
            # The next probe is due only after another pause, whether or not this one ever reports back.
            self._probe_at = now + self._open_s
            return True

    def succeeded(self) -> bool:
        """Take note of a success; True when it closed the breaker."""
        if self._failures == 0:
            return False
        with self._lock:
            closes = not self.closed
            self._failures = 0
            return closes

    def failed(self) -> bool:
        """Take note of a failure; True when it opened the breaker."""
        with self._lock:
            was_closed = self.closed
            self._failures += 1
            self._probe_at = self._clock() + self._open_s
            return was_closed and not self.closed
