"""Promises and what was measured of them."""

import json
import subprocess
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from statistics import median

from chaos.harness.home import TRANSPORT

ROOT = Path(__file__).resolve().parents[3]
RESULTS = ROOT / "tests" / "chaos" / "results.jsonl"
REPEATS = 3  # of a measurement that misses its promise, before the miss is believed


@dataclass(frozen=True)
class Check:
    """One figure and the bound it is promised to keep. hard is the bound beyond which the test fails: the promise
    itself where it is None, as for every promise of correctness.
    """

    what: str
    measured: float
    bound: float
    unit: str = ""
    at_least: bool = False
    hard: float | None = None

    @property
    def met(self) -> bool:
        return self._within(self.bound)

    @property
    def borne(self) -> bool:
        """Whether the test passes."""
        return self._within(self.bound if self.hard is None else self.hard)

    def _within(self, bound: float) -> bool:
        return self.measured >= bound if self.at_least else self.measured <= bound

    def __str__(self) -> str:
        sign = ">=" if self.at_least else "<="
        unit = f" {self.unit}" if self.unit else ""
        return f"{self.what} {self.measured:.4g}{unit} ({sign} {self.bound:.4g}{unit})"


@dataclass(frozen=True)
class Fault:
    """What happens, and what is promised then, in words. guard: what the negative control does without."""

    what: str
    promise: str
    guard: str


Measure = Callable[[], Sequence[Check]]


def measured(measure: Measure, repeats: int = REPEATS) -> tuple[list[Check], list[list[float]]]:
    """The figures, and each measurement's of them: those of one if it keeps every promise, else the medians of so many,
    on a machine that may have been busy with something else.
    """
    runs = [list(measure())]
    while not all(check.met for check in runs[0]) and len(runs) < repeats:
        runs.append(list(measure()))
        if all(check.met for check in runs[-1]) and sum(all(c.met for c in run) for run in runs) * 2 > repeats:
            break  # most of them keep it, whatever another would say
    checks = [
        Check(first.what, median(same.measured for same in alike), first.bound, first.unit, first.at_least, first.hard)
        for alike in zip(*runs, strict=True)
        for first in alike[:1]
    ]
    return checks, [[same.measured for same in alike] for alike in zip(*runs, strict=True)]


class Record:
    """The result of one fault, kept in RESULTS beside those of others; a later one replaces it."""

    def __init__(self, key: str, fault: Fault) -> None:
        self.key, self.fault = key, fault

    def promise(self, measure: Measure, repeats: int = REPEATS) -> None:
        """Measure, take down, and fail where a bound is passed that is hard."""
        checks, each = measured(measure, repeats)
        self._keep(
            checks=[
                asdict(check) | {"met": check.met, "each": all_of} for check, all_of in zip(checks, each, strict=True)
            ]
        )
        print(f"{self.key}:", *checks, sep="\n  ")
        assert all(check.borne for check in checks), "; ".join(str(check) for check in checks if not check.borne)

    def control(self, measure: Measure, breaks: str = "") -> None:
        """Measure without the guard, take down, and fail where every promise is kept all the same.

        breaks: the beginning of the one that has to be broken, where a busy machine might break another.
        """
        checks = list(measure())
        broken = [str(check) for check in checks if not check.met]
        self._keep(control=broken)
        print(f"{self.key} without {self.fault.guard}:", *checks, sep="\n  ")
        assert any(told.startswith(breaks) for told in broken), (
            f"the promise is kept without {self.fault.guard}: the measurement proves nothing"
        )

    def _keep(self, **changes: object) -> None:
        rows = read_results()
        row = (TRANSPORT, self.key)
        who = {"transport": TRANSPORT, "key": self.key, **asdict(self.fault)}
        when = {"commit": _commit(), "day": f"{datetime.now(UTC):%Y-%m-%d}"}
        rows[row] = {**rows.get(row, {}), **who, **when, **changes}
        lines = [json.dumps(rows[row], sort_keys=True) for row in sorted(rows)]
        RESULTS.write_text("\n".join(lines) + "\n")


def read_results() -> dict[tuple[str, str], dict[str, object]]:
    """Results by the servers' transport and the key of the fault."""
    lines = RESULTS.read_text().splitlines() if RESULTS.exists() else []
    return {(row["transport"], row["key"]): row for row in map(json.loads, lines)}


def _commit() -> str:
    command = ["git", "describe", "--always", "--dirty=+", "--exclude=*"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=30, check=False)
    return done.stdout.strip() or "unknown"
