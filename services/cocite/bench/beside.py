"""A function that runs in a process of its own while this one goes on."""

import multiprocessing
import os
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from multiprocessing.connection import Connection
from typing import Any, TypeVar

from cocite.core.errors import CociteError, Unavailable

T = TypeVar("T")


@contextmanager
def beside(work: Callable[..., T], *arguments: Any) -> Iterator[Callable[[], T]]:
    """Begin work(*arguments); what is given waits for its result. The process ends with the block, done or not.

    Raises what work raises of cocite's errors when asked for the result, and Unavailable when the process is gone.
    """
    context = multiprocessing.get_context("spawn")
    pipe, theirs = context.Pipe(duplex=False)
    process = context.Process(target=_run, args=(theirs, work, arguments), daemon=True)
    process.start()
    theirs.close()

    def result() -> T:
        try:
            found = pipe.recv()
        except EOFError:
            raise Unavailable(f"{work.__name__} ended without a result") from None
        if isinstance(found, CociteError):
            raise found
        given: T = found
        return given

    try:
        yield result
    finally:
        pipe.close()
        process.kill()
        process.join()


def _run(pipe: Connection, work: Callable[..., Any], arguments: tuple[Any, ...]) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the other's, which then ends this one
    threading.Thread(target=_end_with_parent, daemon=True).start()
    try:
        pipe.send(work(*arguments))
    except CociteError as error:
        pipe.send(error)


def _end_with_parent() -> None:
    """Where the other is killed it ends nobody."""
    parent = multiprocessing.parent_process()
    assert parent is not None
    parent.join()
    os._exit(1)
