"""Work that a thread of its own does again and again: when there is something to do, and now and then in any case."""

import threading
from collections.abc import Callable

import structlog

from cocite.core.errors import CociteError

CLOSE_S = 5.0  # that a step under way is waited for at the end


class Repeating:
    """Calls work as soon as it is woken, rest_s seconds after the last time at the earliest, and idle_s later at last.

    While work raises it is called ever more seldom, whoever wakes it, up to longest_pause_s between two calls.
    """

    def __init__(
        self, name: str, work: Callable[[], None], *, rest_s: float, idle_s: float, longest_pause_s: float
    ) -> None:
        self._work = work
        self._rest_s = rest_s
        self._idle_s = idle_s
        self._first_pause_s = rest_s or idle_s
        self._longest_pause_s = longest_pause_s
        self._log = structlog.get_logger(f"cocite.{name}")
        self._name = name
        self.stop = threading.Event()  # set when work is to end soon
        self._wake = threading.Event()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def wake(self) -> None:
        """There is something to do; returns at once."""
        self._wake.set()

    def close(self) -> None:
        """End; returns when the call under way has returned, or after CLOSE_S seconds without it."""
        self.stop.set()
        self._wake.set()
        if self._thread.is_alive():
            self._thread.join(CLOSE_S)

    def _run(self) -> None:
        pause_s = 0.0
        while not self.stop.is_set():
            self._wake.clear()
            if self._works(warn=not pause_s):
                pause_s = 0.0
                self.stop.wait(self._rest_s)
                self._wake.wait(self._idle_s)
            else:
                pause_s = min(2 * pause_s or self._first_pause_s, self._longest_pause_s)
                self.stop.wait(pause_s)

    def _works(self, *, warn: bool) -> bool:
        try:
            self._work()
        except CociteError as error:
            if warn:
                self._log.warning(f"{self._name} has to wait", detail=error.message)
            return False
        except Exception:  # a bug must not end the work for good
            self._log.exception(f"{self._name} failed")
            return False
        return True
