"""What became of the calls of one window, as they come in."""

from array import array
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from cocite.load.connection import Failure
from cocite.load.statuses import name_of

Seconds = npt.NDArray[np.float64]


@dataclass(slots=True)
class Outcomes:
    """Beginnings of answered calls and, for each batch that came at once, when that was and how many it held.

    All times are seconds of one clock. failures are counts by the name of the status, messages the first of each,
    resent how often the server gave a call back untouched.
    """

    failures: Counter[str] = field(default_factory=Counter)
    messages: dict[str, str] = field(default_factory=dict)
    answer_octets: int = 0
    resent: int = 0
    _starts: "array[float]" = field(default_factory=lambda: array("d"))
    _ends: "array[float]" = field(default_factory=lambda: array("d"))
    _counts: "array[int]" = field(default_factory=lambda: array("q"))

    def answered(self, starts: Sequence[float], end: float) -> None:
        """Count calls that were answered OK at one time."""
        self._starts.extend(starts)
        self._ends.append(end)
        self._counts.append(len(starts))

    def failed(self, failure: Failure) -> None:
        """Count a call that failed."""
        name = name_of(failure.code)
        self.failures[name] += 1
        self.messages.setdefault(name, failure.message)

    def latencies(self, begin: float, end: float, by_start: bool) -> Seconds:
        """How long each call took that was answered from begin to end, or that began then: (n,) float64, ascending."""
        starts = np.array(self._starts, dtype=np.float64)
        ends = np.repeat(np.array(self._ends, dtype=np.float64), np.array(self._counts, dtype=np.int64))
        when = starts if by_start else ends
        return np.sort((ends - starts)[(when >= begin) & (when <= end)])

    def __len__(self) -> int:
        return len(self._starts)
