"""Several processes of one service that answer on one port.

The kernel spreads connections over the sockets that listen on the port with SO_REUSEPORT. We hold the port by a
socket of our own that never listens, so that the kernel gives it to nobody else while no worker is up.
"""

import os
import socket
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import structlog

from cocite.cli.addresses import bind, bind_any, split_address
from cocite.cli.processes import Process, end_all, grace_s, spawn
from cocite.cli.workers_metrics import merged_metrics
from cocite.core.errors import InvalidArgument, Unavailable
from cocite.core.settings import PREFIX, Settings

log = structlog.get_logger("cocite.workers")
POLL_S = 0.2
FIRST_PAUSE_S, LONGEST_PAUSE_S = 0.5, 30.0  # before a worker is started again
SETTLED_S = 60.0  # one that lived as long did not fail at its start
MAX_FAILURES = 5  # of a worker in a row, while no other lives


@dataclass
class Worker:
    """One of the processes and its environment.

    While it is down, it is started again at start_at, on the monotonic clock.
    """

    process: Process
    env: Mapping[str, str]
    started_at: float
    failures: int = 0
    start_at: float | None = None


class Workers:
    """Runs a command in each of some environments and starts anew what ends. A context manager: in the end they end."""

    def __init__(self, command: Sequence[str], environments: Sequence[Mapping[str, str]], grace_s: float) -> None:
        self._command = command
        self._grace_s = grace_s
        self.workers = [Worker(spawn(command, env), env, time.monotonic()) for env in environments]

    def watch(self, stop: threading.Event) -> None:
        """Keep them running until stop is set. Raises Unavailable when none can be kept."""
        while not stop.wait(POLL_S):
            for worker in self.workers:
                self._look_after(worker)

    def _look_after(self, worker: Worker) -> None:
        status = worker.process.poll()
        if status is None:
            return
        now = time.monotonic()
        if worker.start_at is None:
            self._failed(worker, status, now)
        elif now >= worker.start_at:
            worker.process, worker.started_at, worker.start_at = spawn(self._command, worker.env), now, None

    def _failed(self, worker: Worker, status: int, now: float) -> None:
        worker.failures = 1 if now - worker.started_at > SETTLED_S else worker.failures + 1
        if worker.failures >= MAX_FAILURES and all(other.process.poll() is not None for other in self.workers):
            raise Unavailable(f"the workers end again and again, the last with status {status}")
        pause_s = min(FIRST_PAUSE_S * 2 ** (worker.failures - 1), LONGEST_PAUSE_S)
        worker.start_at = now + pause_s
        log.warning("worker ended", pid=worker.process.pid, status=status, again_in_s=pause_s)

    def __enter__(self) -> "Workers":
        return self

    def __exit__(self, *_: object) -> None:
        end_all([worker.process for worker in self.workers], self._grace_s)


def serve_with_workers(name: str, settings: Settings, stop: threading.Event) -> None:
    """Run settings.workers processes of a service until stop is set. Raises Unavailable when its address is taken."""
    field = f"{PREFIX}{name.upper()}_LISTEN"
    held, listen = hold_port(getattr(settings, f"{name}_listen"), field)
    env = os.environ | {field: listen, f"{PREFIX}WORKERS": str(settings.workers)}
    command = [sys.executable, "-m", "cocite", "serve", name, "--worker-of", str(os.getpid())]
    with (
        held,
        merged_metrics(settings.metrics_listen, settings.workers) as addresses,
        Workers(command, [env | {f"{PREFIX}METRICS_LISTEN": each} for each in addresses], grace_s(settings)) as workers,
    ):
        log.info("workers started", service=name, address=listen, count=settings.workers)
        workers.watch(stop)
        log.info("stopping", service=name)


def hold_port(address: str, field: str) -> tuple[socket.socket, str]:
    """A socket that keeps a port for those who share it, and "host:port" with the port found where 0 was asked for.

    field names the setting in errors. Raises Unavailable when somebody else has it.
    """
    if address.startswith("unix"):
        raise InvalidArgument(f"{field}: workers share a port, not a socket file", field=field)
    host, port = split_address(address, field)
    alone = bind(host, port) if port else bind_any(host)  # without sharing: that would succeed beside others who share
    if alone is None:
        raise Unavailable(f"cannot listen on {address}", hint="is another server running there?")
    with alone:
        port = alone.getsockname()[1]
    held = bind(host, port, shared=True)
    if held is None:
        raise Unavailable(f"cannot listen on {address}", hint="another server has just taken it")
    return held, f"{f'[{host}]' if ':' in host else host}:{port}"
