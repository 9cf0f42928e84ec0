"""What processes hold in memory, over time."""

import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from chaos.harness.processes import Process

LOOK_S = 0.25
_PAGE_MB = 4096 / 2**20


def held_mb(process: Process) -> float:
    """Resident memory of a process, in MB."""
    return int(Path(f"/proc/{process.pid}/statm").read_text().split()[1]) * _PAGE_MB


class Held:
    """Samples of what each of some processes holds."""

    def __init__(self) -> None:
        self.samples: dict[int, list[tuple[float, float]]] = {}  # by pid: seconds on the monotonic clock, MB

    def slope(self, least_s: float) -> float:
        """How much the processes together grew from the first to the last quarter of the time they were looked at, as
        a share. Those that lived for less than least_s do not count.
        """
        grown = before = 0.0
        for samples in self.samples.values():
            if samples[-1][0] - samples[0][0] >= least_s:
                quarters = np.array_split([held for _, held in samples], 4)
                before += float(np.median(quarters[0]))
                grown += float(np.median(quarters[3]))
        return grown / before - 1 if before else float("inf")


@contextmanager
def watched_memory(processes: Iterable[Process]) -> Iterator[Held]:
    """Look at them while the block runs; one that is started again is another."""
    held, over, watched = Held(), threading.Event(), list(processes)

    def look() -> None:
        while not over.wait(LOOK_S):
            for process in watched:
                try:
                    sample = time.monotonic(), held_mb(process)
                except (OSError, ValueError, AssertionError, IndexError):
                    continue  # gone, or about to be
                held.samples.setdefault(process.pid, []).append(sample)

    thread = threading.Thread(target=look, name="memory")
    thread.start()
    try:
        yield held
    finally:
        over.set()
        thread.join()
