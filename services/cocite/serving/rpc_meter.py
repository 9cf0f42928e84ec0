"""What the calls of one server come to: how many, how they ended, how long they took."""

import threading
from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from cocite.serving.tally import Tallies, Tally
from cocite.v1.degradation_pb2 import Degradation, DegradedCause

# Seconds; about a factor of two apart where answers are computed, less so where deadlines are.
BOUNDS = (0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.3, 0.5, 1.0, 2.0, 5.0, 10.0)
_PREFIX = "DEGRADED_CAUSE_"


class Durations:
    """How many of some durations lie below each of BOUNDS, and their sum in seconds. Thread-safe."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._counts = [0] * (len(BOUNDS) + 1)
        self._sum_s = 0.0

    def add(self, seconds: float) -> None:
        """Take note of one."""
        place = bisect_left(BOUNDS, seconds)
        with self._lock:
            self._counts[place] += 1
            self._sum_s += seconds

    def read(self) -> tuple[list[int], float]:
        """How many lie between each bound and the one before it, the last beyond all, and their sum."""
        with self._lock:
            return [*self._counts], self._sum_s


class RpcMeter:
    """Counts the calls of one server. Thread-safe.

    An answer from memory takes microseconds: it is counted (hit), not timed. Refusals are counted by the reason that
    a caller is told, answers that lack something by what they lack.
    """

    def __init__(self) -> None:
        self._hits: dict[str, Tally] = {}
        self._durations: dict[str, Durations] = {}
        self._ended = Tallies()
        self.refused = Tallies()
        self.degraded = Tallies()

    def hit(self, method: str) -> Callable[[], object]:
        """What is called for each answer that a method gives from memory."""
        return self._hits.setdefault(method, Tally()).add

    def ended(self, method: str, code: str, seconds: float) -> None:
        """A call that was computed has ended."""
        self._ended.add(method, code)
        durations = self._durations.get(method)
        if durations is None:
            durations = self._durations.setdefault(method, Durations())
        durations.add(seconds)

    def turned_away(self, method: str, code: str, reason: str) -> None:
        """A call was refused before anything was done for it."""
        self._ended.add(method, code)
        self.refused.add(reason)

    def lacking(self, degraded: Iterable[Degradation]) -> None:
        """What an answer lacks."""
        for each in degraded:
            self.degraded.add(DegradedCause.Name(each.cause).removeprefix(_PREFIX).lower())

    def answered(self, answer: Any) -> None:
        """An answer was made; where it is a message that says what it lacks, that is counted."""
        if shortcomings := getattr(answer, "degraded", None):
            self.lacking(shortcomings)

    def hits(self) -> dict[str, int]:
        """Answers from memory, by method."""
        return {method: tally.value for method, tally in [*self._hits.items()]}

    def calls(self) -> Iterator[tuple[tuple[str, str], int]]:
        """How many calls of a method ended with a code, by both."""
        ended = {(method, code): count for (method, code), count in self._ended.items()}
        for method, count in self.hits().items():
            ended[method, "OK"] = ended.get((method, "OK"), 0) + count
        return iter(ended.items())

    def durations(self) -> dict[str, Durations]:
        """Of the calls that were computed, by method."""
        return dict(self._durations)
