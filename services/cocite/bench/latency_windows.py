"""Windows of one row after another, and what they come to.

A window of a row is two stretches of load: one call at a time, for latency, and as many as keep the server's core busy,
for answers a second and CPU. Both are too short for a drift of the machine to set in between a row and its base.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from cocite.bench.latency_rows import Row
from cocite.core.errors import Unavailable
from cocite.load.paired import Ratio, paired_ratio, rounds
from cocite.load.processes import ServerCpu
from cocite.load.result import Result
from cocite.training.progress import Progress

FIGURES = ("cpu_us", "p25_us", "p50_us", "p99_us", "rps")
WARM_UP_SHARE = 0.1  # of a stretch of load, before it


@dataclass(frozen=True, slots=True)
class Sample:
    """One window of a row: microseconds of latency with one call at a time, nan where none was answered in the time;
    answers a second with many; microseconds of CPU a call of the server (cpu_us) and of those it asks (behind_cpu_us).
    """  # fmt: skip

    p25_us: float
    p50_us: float
    p99_us: float
    rps: float
    cpu_us: float
    behind_cpu_us: float


def take(row: Row, seconds: float) -> Sample:
    """A window of two stretches of so many seconds. Raises Unavailable when a call fails."""
    warm_up_s = WARM_UP_SHARE * seconds
    alone = checked(row, row.alone.closed(1, seconds, warm_up_s))
    server, behind = ServerCpu(row.pid), [ServerCpu(pid) for pid in row.behind]
    before, before_behind = server.read(), [each.read() for each in behind]
    together = checked(row, row.together.closed(row.kind.under_way, seconds, warm_up_s))
    cpu_s = server.spent(before, server.read())
    behind_s = sum(each.spent(start, each.read()) for each, start in zip(behind, before_behind, strict=True))
    calls = max(together.ended, 1)
    p25, p50, p99 = (alone.percentile_us(percent) for percent in (25, 50, 99))
    return Sample(p25, p50, p99, together.rps, 1e6 * cpu_s / calls, 1e6 * behind_s / calls)


def checked(row: Row, result: Result) -> Result:
    """The result. Raises Unavailable that names the row when a call failed or the server was lost."""
    for name, count in result.failures.items():
        raise Unavailable(f"row {row.kind.name}: {count:,} calls failed, {name}: {result.messages[name]}")
    if result.lost:
        raise Unavailable(f"row {row.kind.name}: {result.lost}")
    return result


def measure(rows: Sequence[Row], windows: int, seconds: float, progress: Progress) -> dict[str, list[Sample]]:
    """That many windows of each row, by its name, after one that does not count: a server's first calls grow its pools
    and memory. Rows take turns, every second round backwards.
    """  # fmt: skip
    by_name = {row.kind.name: row for row in rows}
    samples: dict[str, list[Sample]] = {name: [] for name in by_name}
    for place, row in enumerate(rows):
        progress("Warming up", place, len(rows))
        take(row, seconds)
    progress("Warming up", len(rows), len(rows))
    total = windows * len(rows)
    for number, names in enumerate(rounds(list(by_name), windows)):
        for place, name in enumerate(names):
            progress("Measuring", number * len(rows) + place, total)
            samples[name].append(take(by_name[name], seconds))
    progress("Measuring", total, total)
    return samples


def ratio_of(ours: Sequence[Sample], theirs: Sequence[Sample], figure: str) -> Ratio | None:
    """Paired ratio of a figure, of the windows in which both have one; None where none has."""
    pairs = [(getattr(a, figure), getattr(b, figure)) for a, b in zip(ours, theirs, strict=True)]
    usable = [(a, b) for a, b in pairs if a > 0 and b > 0]  # nan is not
    return paired_ratio([a for a, _ in usable], [b for _, b in usable]) if usable else None


def median_of(samples: Sequence[Sample], figure: str) -> float:
    """Median of a figure over the windows that have one; nan where none has."""
    found = [value for sample in samples if (value := getattr(sample, figure)) == value]
    return float(np.median(found)) if found else float("nan")


@dataclass(frozen=True, slots=True)
class Tail:
    """The slowest calls at a rate that both rows can take: p99 in microseconds of each window of a row and its base."""

    rate: float
    row: list[float]
    base: list[float]

    @property
    def ratio(self) -> Ratio | None:
        """p99 of the row over that of the base."""
        usable = [(a, b) for a, b in zip(self.row, self.base, strict=True) if a > 0 and b > 0]
        return paired_ratio([a for a, _ in usable], [b for _, b in usable]) if usable else None


def measure_tail(row: Row, base: Row, rate: float, windows: int, seconds: float, progress: Progress) -> Tail:
    """Windows of calls at a rate, whatever the answers, of a row and its base in turns.

    A window whose calls could not be sent in time tells nothing, and has no p99.
    """
    found: Mapping[str, list[float]] = {"row": [], "base": []}
    for number, names in enumerate(rounds(("row", "base"), windows)):
        progress("Measuring at half of saturation", number, windows)
        for name in names:
            asked = row if name == "row" else base
            result = checked(asked, asked.together.open(rate, seconds, WARM_UP_SHARE * seconds))
            found[name].append(float("nan") if result.rejected else result.percentile_us(99))
    progress("Measuring at half of saturation", windows, windows)
    return Tail(rate, found["row"], found["base"])
