"""Keeps the health of the process true: SERVING while at least one of its stores answers."""

import threading
from collections.abc import Callable, Sequence

import structlog

from cocite.core.errors import CociteError

log = structlog.get_logger("cocite.features")

PERIOD_S = 1.0


class HealthWatch:
    """Looks once at construction and then every PERIOD_S seconds in a thread of its own, until close().

    probes return when what they ask answers and raise a CociteError when it does not; set_ready hears the outcome.
    """

    def __init__(
        self, probes: Sequence[Callable[[], None]], set_ready: Callable[[bool], None], period_s: float = PERIOD_S
    ) -> None:
        self._probes = probes
        self._set_ready = set_ready
        self._period_s = period_s
        self._stop = threading.Event()
        self._look()
        self._thread = threading.Thread(target=self._watch, name="health", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """End the watching."""
        self._stop.set()
        self._thread.join(self._period_s)

    def _watch(self) -> None:
        while not self._stop.wait(self._period_s):
            self._look()

    def _look(self) -> None:
        answers = [_answers(probe) for probe in self._probes]  # all of them: a probe is also what ends an outage
        self._set_ready(any(answers))


def _answers(probe: Callable[[], None]) -> bool:
    try:
        probe()
    except CociteError:
        return False
    except Exception:  # a bug must not end the watching, which would leave the last health standing for ever
        log.exception("health probe failed")
        return False
    return True
