"""Processes that may be frozen, killed and started again, and those of them that are services of cocite."""

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import grpc
from grpc_health.v1 import health_pb2, health_pb2_grpc

from cocite.core.settings import PREFIX

READY_S = 60.0
LOOK_S = 0.02


def own_host() -> str:
    """An address of the loopback net that next to nobody else uses, so that a port free now is free later on."""
    return "127." + ".".join(str(random.randint(1, 254)) for _ in range(3))


def wait_until(done: Callable[[], bool], what: str, seconds: float = READY_S) -> float:
    """Seconds until done() was true; fails when it does not come true in time."""
    started = time.monotonic()
    while not done():
        assert time.monotonic() - started < seconds, f"{what}: not within {seconds:g} s"
        time.sleep(LOOK_S)
    return time.monotonic() - started


class Process:
    """A command that runs, stands still, or is gone; what it says goes to a file."""

    def __init__(self, command: Sequence[str], log: Path, environment: Mapping[str, str] | None = None) -> None:
        self.command = list(command)
        self.log = log
        self.environment = environment
        self._running: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        assert not self.alive
        with self.log.open("ab") as log:
            self._running = subprocess.Popen(
                self.command,
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,  # Ctrl-C is for whoever measures, who ends the others
            )

    @property
    def pid(self) -> int:
        assert self._running is not None
        return self._running.pid

    @property
    def alive(self) -> bool:
        return self._running is not None and self._running.poll() is None

    def signal(self, number: int) -> None:
        assert self._running is not None
        self._running.send_signal(number)

    def freeze(self) -> None:
        """It keeps its connections and answers nothing."""
        self.signal(signal.SIGSTOP)

    def thaw(self) -> None:
        self.signal(signal.SIGCONT)

    def kill(self) -> None:
        """Gone at once."""
        self.signal(signal.SIGKILL)
        self.wait()

    def terminate(self) -> int:
        """Asked to go, and gone; its exit status."""
        self.signal(signal.SIGTERM)
        return self.wait()

    def wait(self, seconds: float = 30.0) -> int:
        assert self._running is not None
        return self._running.wait(seconds)

    def close(self) -> None:
        """Gone, whatever it was about to do."""
        if self.alive:
            self.thaw()
            self.kill()

    def said(self) -> str:
        """The end of what it said."""
        return self.log.read_text(errors="replace")[-2000:] if self.log.exists() else ""


class Service(Process):
    """`cocite serve NAME` at an address that stays the same, under settings of its own."""

    def __init__(self, name: str, home: Path, log: Path, settings: Mapping[str, str], address: str) -> None:
        self.name = name
        self.address = address
        inherited = {key: value for key, value in os.environ.items() if not key.startswith(PREFIX)}
        chosen = {"home": str(home), "encoder": "hashing", "log_format": "json", f"{name}_listen": self.address}
        ours = {PREFIX + key.upper(): value for key, value in (chosen | dict(settings)).items()}
        super().__init__([sys.executable, "-m", "cocite", "serve", name], log, inherited | ours)

    def wait_ready(self, seconds: float = READY_S) -> float:
        """Seconds until its health was SERVING."""
        return wait_until(lambda: self._serving() or self._died(), f"{self.name} is not ready", seconds)

    def restart(self) -> None:
        """Asked to go if it is there, started again, and ready."""
        if self.alive:
            self.terminate()
        self.start()
        self.wait_ready()

    def _died(self) -> bool:
        assert self.alive, f"{self.name} ended: {self.said()}"
        return False

    def _serving(self) -> bool:
        with grpc.insecure_channel(self.address, [("grpc.use_local_subchannel_pool", 1)]) as channel:
            try:
                answer = health_pb2_grpc.HealthStub(channel).Check(health_pb2.HealthCheckRequest(), timeout=1.0)
            except grpc.RpcError:
                return False
        return bool(answer.status == health_pb2.HealthCheckResponse.SERVING)
