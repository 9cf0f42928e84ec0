"""A server in a process of its own, on cores of its own, that ends with its block, or with the bench."""

import multiprocessing
import os
import signal
from collections.abc import Callable, Collection, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import dataclass
from multiprocessing.connection import Connection
from typing import Any

from cocite.core.errors import CociteError, Unavailable

START_S, END_S = 300.0, 15.0

Serve = Callable[..., AbstractContextManager[int]]


@dataclass(frozen=True, slots=True)
class Hosted:
    """Where it listens, and its process."""

    port: int
    pid: int


@contextmanager
def hosted(serve: Serve, *arguments: Any, cores: Collection[int]) -> Iterator[Hosted]:
    """Run serve(*arguments), which gives its port, in a process of its own.

    Raises what serve raises of cocite's errors, and Unavailable when it ends otherwise or takes over START_S seconds.
    """
    context = multiprocessing.get_context("spawn")
    pipe, theirs = context.Pipe()
    process = context.Process(target=_run, args=(theirs, serve, arguments, set(cores)), daemon=True)
    process.start()
    theirs.close()
    try:
        yield Hosted(_port(pipe, serve.__name__), process.pid or 0)
    finally:
        pipe.close()
        process.join(END_S)
        if process.is_alive():
            process.kill()
            process.join()


def _port(pipe: Connection, name: str) -> int:
    try:
        if not pipe.poll(START_S):
            raise Unavailable(f"the {name} server did not start within {START_S:.0f} s")
        found = pipe.recv()
    except EOFError:
        raise Unavailable(f"the {name} server ended while it started") from None
    if isinstance(found, CociteError):
        raise found
    return int(found)


def _run(pipe: Connection, serve: Serve, arguments: tuple[Any, ...], cores: Collection[int]) -> None:
    """In the process: serve until the pipe ends, which it also does when the bench is killed."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C in the terminal is the bench's, which then ends the pipe
    os.sched_setaffinity(0, cores)
    try:
        with serve(*arguments) as port:
            pipe.send(port)
            with suppress(EOFError):
                pipe.recv()
    except CociteError as error:
        pipe.send(error)
