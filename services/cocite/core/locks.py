"""A lock between processes that dies with its holder, so that none is ever stale."""

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from cocite.core.errors import Unavailable

_POLL_S = 0.05


@contextmanager
def exclusive(path: Path, what: str, wait_s: float = 0.0) -> Iterator[None]:
    """Hold the lock file at path, created if need be, for the length of the block.

    what completes "another process is ..." in the Unavailable raised when another process (or another thread of
    this one) still holds it after wait_s seconds; the error names that process. The file stays: removing it would
    let two hold "the" lock. The kernel frees it when the holder dies, however that happens.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    try:
        _acquire(descriptor, what, wait_s)
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, str(os.getpid()).encode(), 0)
        yield
    finally:
        os.close(descriptor)


def _acquire(descriptor: int, what: str, wait_s: float) -> None:
    give_up = time.monotonic() + wait_s
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return
        except BlockingIOError:
            if time.monotonic() >= give_up:
                holder = os.pread(descriptor, 32, 0).decode("ascii", errors="replace") or "unknown"
                raise Unavailable(
                    f"another process is {what} (pid {holder})", hint="wait until it ends, or stop it"
                ) from None
        time.sleep(_POLL_S)
