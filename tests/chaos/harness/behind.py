"""What is measured alike of faults of the services behind the recommender."""

import threading
from collections.abc import Callable

from chaos.harness.redis_fault import P99_HARD, P99_RATIO, slower
from chaos.harness.reference import Judge
from chaos.harness.stage import Stage
from chaos.harness.trial import Trial, together
from chaos.harness.verdict import Check

BASELINE_S, FAULT_S, RECOVERY_S = 6.0, 8.0, 6.0
KNOWN = ("known", "pair")  # that ask nobody behind the recommender


def struck(
    stage: Stage, judge: Judge, strike: Callable[[], None], mend: Callable[[], None], affected: tuple[str, ...]
) -> list[Check]:
    """The figures of a stage one of whose services is struck and mended again, under load all the while.

    affected: kinds of question that need the service, some of which have to say that they had to do without.
    """
    with Trial(stage, judge) as trial:
        trial.phase("baseline", BASELINE_S)
        trial.phase("fault")
        strike()
        trial.phase("fault", FAULT_S)
        mend()
        trial.phase("recovery", RECOVERY_S)
        parts = trial.end()
    fault, after = parts["fault"], together(parts["fault"], parts["recovery"])
    known, before = fault.of(*KNOWN), parts["baseline"].of(*KNOWN)
    return [
        Check(f"not answered in time of {len(after.calls)} calls", after.failed, 0),
        Check("neither right nor flagged", after.wrong, 0),
        Check(f"flagged of {len(fault.of(*affected).calls)} affected", fault.of(*affected).degraded, 1, at_least=True),
        Check("known papers flagged", known.degraded, 0),
        Check("their p99 less a stall of 20 ms, to baseline", slower(known, before), P99_RATIO, "x", hard=P99_HARD),
    ]


class Flapping:
    """Does one thing and its opposite in turn, each for so many seconds, from start() to stop()."""

    def __init__(self, bad: Callable[[], None], good: Callable[[], None], seconds: float) -> None:
        self._bad, self._good, self._seconds = bad, good, seconds
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run, name="flapping")

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._over.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._over.is_set():
            self._bad()
            self._over.wait(self._seconds)
            self._good()
            self._over.wait(self._seconds)
