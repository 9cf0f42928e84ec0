"""CPU time of a server's processes, and the cores they may use. Linux only."""

import os
import time
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from pathlib import Path

from cocite.core.errors import NotFound, NotReady

_SCHEDULER_CLOCK = 2  # of a process by its id, as clock_getcpuclockid(3) makes it: /proc/PID/stat has but 10 ms


class ServerCpu:
    """CPU time, user and system, of a process and all below it, those that start later included.

    Raises NotFound when there is no such process. What a process below it used that has ended is in no reading.
    """

    def __init__(self, pid: int) -> None:
        self.pid = pid
        self.read()

    def read(self) -> dict[int, float]:
        """Seconds so far of each process by its id."""
        found = {pid: seconds for pid in family(self.pid) if (seconds := _seconds(pid)) is not None}
        if self.pid not in found:
            raise NotFound(f"there is no process {self.pid}")
        return found

    @staticmethod
    def spent(before: dict[int, float], after: dict[int, float]) -> float:
        """Seconds between two readings. Raises NotReady when a process ended in between: what it used is not known."""
        gone = before.keys() - after.keys()
        if gone:
            raise NotReady(f"process {min(gone)} of the server ended while it was measured", hint="measure again")
        return sum(seconds - before.get(pid, 0.0) for pid, seconds in after.items())


def family(pid: int) -> list[int]:
    """A process and all below it."""
    children: dict[int, list[int]] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit() and (parent := _parent(entry)) is not None:
            children.setdefault(parent, []).append(int(entry.name))
    found = [pid]
    for each in found:  # grows while it is read: a process is nobody's child twice
        found += children.get(each, [])
    return found


def pin(pid: int, cores: Collection[int]) -> None:
    """Let every thread of a process and of those below it run on these cores alone; new threads do as well."""
    for each in family(pid):
        for task in Path(f"/proc/{each}/task").iterdir():
            os.sched_setaffinity(int(task.name), cores)


@contextmanager
def pinned(cores: Collection[int]) -> Iterator[None]:
    """The calling thread runs on these cores alone; afterwards where it could before."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, cores)
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


def _seconds(pid: int) -> float | None:
    try:
        return time.clock_gettime((~pid << 3) | _SCHEDULER_CLOCK)
    except OSError:  # it has ended
        return None


def _parent(entry: Path) -> int | None:
    try:
        return int((entry / "stat").read_text(errors="replace").rpartition(")")[2].split()[1])
    except (OSError, IndexError):
        return None
