"""What a window of load came to."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

PERCENTILES = (25.0, 50.0, 90.0, 99.0, 99.9)
MAX_LATE_SHARE = 0.01  # of the calls of a window; with more of them its p99 would tell of the generator


def percentile(ascending: npt.NDArray[np.float64], percent: float) -> float:
    """The least value that percent % of all do not exceed (nearest rank); nan when there is none."""
    if not ascending.size:
        return float("nan")
    rank = int(np.ceil(ascending.size * percent / 100 - 1e-9))
    return float(ascending[max(rank, 1) - 1])


@dataclass(frozen=True, slots=True)
class Load:
    """What was asked for: calls under way at a time (a closed loop) or calls a second (an open one), and over what."""

    connections: int
    concurrency: int | None = None
    rate: float | None = None
    max_late_share: float = MAX_LATE_SHARE


@dataclass(frozen=True, slots=True)
class Result:
    """One window.

    seconds: how long was measured. latencies_us: of calls answered OK in that time, ascending (n,) float64; in an open
    loop from when each was due. late, unsent: calls of an open loop that began late, or never, and late_share of both.

    The others count from the beginning of the warm-up on. sent: calls begun; resent: those given back by the server
    untouched, which went again; answered_in_all: OK; failures: by name of the status; messages: the first of each;
    answer_octets: DATA of all answers. lost: why the server could not be asked to the end, or "". cpu_us: what a call
    took of CPU here.
    """

    load: Load
    seconds: float
    sent: int
    resent: int
    answered_in_all: int
    failures: dict[str, int]
    messages: dict[str, str]
    answer_octets: int
    late: int
    unsent: int
    late_share: float
    interrupted: bool
    lost: str
    cpu_us: float
    latencies_us: npt.NDArray[np.float64]

    @property
    def answered(self) -> int:
        """Calls answered OK in the measured time."""
        return int(self.latencies_us.size)

    @property
    def failed(self) -> int:
        """Calls that failed, the warm-up included."""
        return sum(self.failures.values())

    @property
    def ended(self) -> int:
        """Calls that were answered or failed, the warm-up included: what CPU time is divided by."""
        return self.answered_in_all + self.failed

    @property
    def rps(self) -> float:
        """Calls answered OK, a second."""
        return self.answered / self.seconds if self.seconds > 0 else 0.0

    @property
    def rejected(self) -> str:
        """Why the figures are not to be used, "" when they are."""
        if self.lost:
            return self.lost
        if self.late_share > self.load.max_late_share:
            return (
                f"{100 * self.late_share:.2f} % of the calls began late or not at all, more than "
                f"{100 * self.load.max_late_share:g} %; lower the rate, or give the load generator a core of its own"
            )
        return "" if self.answered else "no call was answered in the measured time"

    def percentile_us(self, percent: float) -> float:
        """Microseconds within which percent % of the calls were answered; nan when none was."""
        return percentile(self.latencies_us, percent)

    def as_json(self) -> dict[str, Any]:
        """Everything but the single latencies; percentiles as p50_us and so on, None where no call was answered."""
        percentiles = {f"p{p:g}_us": round(self.percentile_us(p), 1) if self.answered else None for p in PERCENTILES}
        told = (
            "sent",
            "resent",
            "answered",
            "failed",
            "failures",
            "messages",
            "late",
            "unsent",
            "rejected",
            "interrupted",
        )
        return {
            "mode": "closed" if self.load.rate is None else "open",
            "rate": self.load.rate,
            "concurrency": self.load.concurrency,
            "connections": self.load.connections,
            "seconds": round(self.seconds, 3),
            "rps": round(self.rps, 1),
            **percentiles,
            **{name: getattr(self, name) for name in told},
            "late_share": round(self.late_share, 5),
            "answer_bytes": self.answer_octets,
            "generator_cpu_us": round(self.cpu_us, 2),
        }
