"""What is measured alike of every fault of Redis: failed and wrong answers, latency, and the hit rate afterwards."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import pairwise

from chaos.harness.reference import Reference
from chaos.harness.stage import Stage
from chaos.harness.trial import Part, Trial, together
from chaos.harness.verdict import Check

BASELINE_S, FAULT_S, RECOVERY_S = 6.0, 6.0, 12.0
STALL_S = 0.02
P99_RATIO, P99_HARD = 1.5, 5.0
HIT_SHARE, HIT_BACK_S = 0.9, 10.0
LOOK_S, WINDOW_S = 0.25, 1.0


@dataclass
class HitRate:
    """Hits and misses of a Valkey over time, as it counts them itself."""

    samples: list[tuple[float, int, int]] = field(default_factory=list)

    def between(self, begin: float, end: float) -> float:
        """Share of the keys asked for that were there; 0 where none was asked for."""
        inside = [sample for sample in self.samples if begin <= sample[0] <= end]
        pairs = list(pairwise(inside))
        hits = sum(max(0, b[1] - a[1]) for a, b in pairs)  # what it counts begins anew where it was started again
        misses = sum(max(0, b[2] - a[2]) for a, b in pairs)
        return hits / (hits + misses) if hits + misses else 0.0

    def back_after(self, begin: float, share: float) -> float:
        """Seconds from begin until a window of WINDOW_S came up to a share; infinite where none did."""
        ends = [at for at, _, _ in self.samples if at >= begin + WINDOW_S]
        return next((end - begin for end in ends if self.between(end - WINDOW_S, end) >= share), float("inf"))


@contextmanager
def watched(lookups: Callable[[], tuple[int, int]]) -> Iterator[HitRate]:
    """The hit rate as it goes while the block runs."""
    rate, over = HitRate(), threading.Event()

    def look() -> None:
        while not over.wait(LOOK_S):
            counted = lookups()
            rate.samples.append((time.monotonic(), *counted))

    thread = threading.Thread(target=look, name="hit rate")
    thread.start()
    try:
        yield rate
    finally:
        over.set()
        thread.join()


def struck(
    stage: Stage,
    reference: Reference,
    strike: Callable[[], None],
    mend: Callable[[], None],
    rate: float | None = None,
) -> list[Check]:
    """The figures of a stage whose Valkey is struck and mended again, under load all the while; for rate see Trial."""
    assert stage.valkey is not None
    with Trial(stage, reference, rate=rate) as trial, watched(stage.valkey.lookups) as hits:
        begun = time.monotonic()
        trial.phase("baseline", BASELINE_S)
        before = hits.between(begun, time.monotonic())
        trial.phase("fault")
        strike()
        trial.phase("fault", FAULT_S)
        mend()
        mended = time.monotonic()
        trial.phase("recovery", RECOVERY_S)
        parts = trial.end()
    back_s = hits.back_after(mended, HIT_SHARE * before)
    return [*answer_checks(parts), Check("hit rate back after", back_s, HIT_BACK_S, "s")]


def answer_checks(parts: dict[str, Part]) -> list[Check]:
    """Nothing failed, nothing wrong, and next to nothing slower, of a fault and what came after it."""
    struck, before = together(parts["fault"], parts["recovery"]), parts["baseline"]
    return [
        Check(f"failed of {len(struck.calls)} calls", struck.failed, 0),
        Check("wrong", struck.wrong, 0),
        Check("p99 less a stall of 20 ms, to baseline", slower(parts["fault"], before), P99_RATIO, "x", hard=P99_HARD),
    ]


def slower(part: Part, before: Part) -> float:
    """How many times the p99 before a fault that of a part is, one stall left aside."""
    return max(0.0, part.p99_s - STALL_S) / before.p99_s
