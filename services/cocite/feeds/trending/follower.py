"""The thread that counts: soon after events were recorded, and every second or two in any case."""

import threading
from collections.abc import Callable

import structlog

from cocite.core.errors import CociteError

log = structlog.get_logger("cocite.feeds.trending")

REST_S = 1.0  # between two looks, so that lists change no more often
IDLE_S = 1.0
LONGEST_PAUSE_S = 60.0


class Follower:
    """Calls count in a thread of its own: again at once while it returns True, later while it raises a CociteError."""

    def __init__(self, count: Callable[[], bool], on_look: Callable[[], None], rest_s: float = REST_S) -> None:
        self._count = count
        self._on_look = on_look
        self._rest_s = rest_s
        self._stop = threading.Event()
        self._wake = threading.Event()
        self._thread = threading.Thread(target=self._run, name="trending", daemon=True)

    def start(self) -> None:
        """Count from now on."""
        self._thread.start()

    def wake(self) -> None:
        """There is something to count; returns at once."""
        self._wake.set()

    def close(self) -> None:
        """Stop; returns when the step under way is done, or after a few seconds without it."""
        self._stop.set()
        self._wake.set()
        if self._thread.is_alive():
            self._thread.join(timeout=5.0)

    def _run(self) -> None:
        pause_s = 0.0
        while not self._stop.is_set():
            self._wake.clear()
            pause_s = 0.0 if self._looked(warn=not pause_s) else min(2 * pause_s or self._rest_s, LONGEST_PAUSE_S)
            self._stop.wait(pause_s or self._rest_s)
            if not pause_s:
                self._wake.wait(IDLE_S)

    def _looked(self, warn: bool) -> bool:
        """Whether all there is has been counted."""
        try:
            while self._count() and not self._stop.is_set():
                pass
        except CociteError as error:
            if warn:
                log.warning("trending cannot be counted, trying again", detail=error.message)
            return False
        except Exception:  # a bug must not end the counting
            log.exception("trending cannot be counted")
            return False
        finally:
            self._on_look()
        return True
