"""What tests let processes of the bench do."""

import os
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from cocite.core.errors import NotReady


def refuse() -> int:
    raise NotReady("no such thing")


def end() -> int:
    os._exit(3)


def wait_for_ever(path: Path) -> None:
    path.write_text(str(os.getpid()))
    time.sleep(600)


@contextmanager
def listening(cores: Path) -> Iterator[int]:
    cores.write_text(repr(os.sched_getaffinity(0)))
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


@contextmanager
def refusing() -> Iterator[int]:
    raise NotReady("no such thing")
    yield 0


@contextmanager
def ending() -> Iterator[int]:
    os._exit(3)
    yield 0
