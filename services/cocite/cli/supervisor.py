"""Services as child processes: started, watched, stopped together."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from types import TracebackType
from typing import IO, NoReturn, Self

import grpc
from grpc_health.v1 import health_pb2, health_pb2_grpc

from cocite.cli.processes import Process, end_all, spawn
from cocite.core.errors import Unavailable
from cocite.serving.channel import open_channel
from cocite.serving.credentials import Credentials

READY_S = 120.0  # the longest start: the embedding model is read, built and warmed up
POLL_S = 0.2
MAX_LOG_BYTES = 10_000_000
LAST_LINES = 12


@dataclass(frozen=True, slots=True)
class Child:
    """One running service; what it prints from log_start on in its log file is of this run."""

    name: str
    is_ready: Callable[[], bool]
    process: Process
    log: Path
    log_start: int


class Supervisor:
    """Starts services and keeps them together: the end of one is the end of all. A context manager."""

    def __init__(self, logs: Path, grace_s: float) -> None:
        self._logs = logs
        self._grace_s = grace_s
        self.children: list[Child] = []

    def start(self, name: str, is_ready: Callable[[], bool], command: Sequence[str], env: Mapping[str, str]) -> None:
        """Start the command of a service; is_ready tells when it serves. Its output goes to logs/NAME.log."""
        log = self._logs / f"{name}.log"
        with _appending(log) as sink:
            self.children.append(Child(name, is_ready, spawn(command, env, sink), log, sink.tell()))

    def wait_ready(self, timeout_s: float = READY_S) -> None:
        """Return when every service is SERVING. Raises Unavailable when one ends or is late."""
        deadline = time.monotonic() + timeout_s
        waiting = list(self.children)
        while waiting := [child for child in waiting if not child.is_ready()]:
            self.check()
            if time.monotonic() > deadline:
                late = waiting[0]
                raise Unavailable(
                    f"the {late.name} service is not ready after {timeout_s:g} s", hint=f"its log is {late.log}"
                )
            time.sleep(POLL_S)

    def watch(self) -> NoReturn:
        """Wait for ever. Raises Unavailable when a service ends, and what a signal raises."""
        while True:
            self.check()
            time.sleep(POLL_S)

    def check(self) -> None:
        """Raise Unavailable with the last words of a service that has ended."""
        for child in self.children:
            status = child.process.poll()
            if status is not None:
                said = "\n  ".join(last_lines(child.log, child.log_start))
                raise Unavailable(
                    f"the {child.name} service ended with status {status}; it said:\n  {said}\nits log is {child.log}"
                )

    def stop(self) -> None:
        """SIGTERM to all, a bounded wait, SIGKILL to what is left."""
        end_all([child.process for child in reversed(self.children)], self._grace_s)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()


def is_serving(target: str, credentials: Credentials | None = None, timeout_s: float = 1.0) -> bool:
    """Whether the server at target answers SERVING to a health check."""
    with open_channel(target, (), credentials) as channel:
        stub = health_pb2_grpc.HealthStub(channel)
        try:
            answer = stub.Check(  # type: ignore[attr-defined]  # missing from the stubs
                health_pb2.HealthCheckRequest(), timeout=timeout_s
            )
        except grpc.RpcError:
            return False
    return bool(answer.status == health_pb2.HealthCheckResponse.SERVING)


def answers_http(target: str, timeout_s: float = 1.0) -> bool:
    """Whether the gateway at target, host:port, says that it can answer."""
    connection = HTTPConnection(target, timeout=timeout_s)
    try:
        connection.request("GET", "/readyz")
        return connection.getresponse().status == HTTPStatus.OK
    except (OSError, HTTPException):
        return False
    finally:
        connection.close()


def last_lines(log: Path, start: int) -> list[str]:
    """The last lines a service wrote from byte start on."""
    with log.open("rb") as stream:
        stream.seek(max(start, log.stat().st_size - 8192))
        return stream.read().decode("utf-8", "replace").splitlines()[-LAST_LINES:]


def _appending(log: Path) -> IO[bytes]:
    """log opened for appending; one that has grown too long is set aside first."""
    log.parent.mkdir(parents=True, exist_ok=True)
    if log.exists() and log.stat().st_size > MAX_LOG_BYTES:
        log.replace(log.with_suffix(".log.old"))
    return log.open("ab")
