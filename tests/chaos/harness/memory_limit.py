"""A process that gets no more memory than it has."""

import resource
from pathlib import Path

from chaos.harness.processes import Process

SPARE_MB = 2  # beyond what it has; a model takes more


def limit_memory(process: Process) -> None:
    """From now on it gets next to none."""
    has = int(Path(f"/proc/{process.pid}/statm").read_text().split()[0]) * resource.getpagesize()
    _limit(process, has + (SPARE_MB << 20))


def lift_limit(process: Process) -> None:
    """It gets what it asks for again."""
    _limit(process, resource.RLIM_INFINITY)


def _limit(process: Process, most: int) -> None:
    resource.prlimit(process.pid, resource.RLIMIT_AS, (most, resource.RLIM_INFINITY))
