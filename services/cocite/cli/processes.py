"""Child processes: started so that Ctrl-C in the terminal is ours alone, and ended within a bound."""

import subprocess
import time
from collections.abc import Mapping, Sequence
from typing import IO

from cocite.core.settings import Settings

Process = subprocess.Popen[bytes]


def spawn(command: Sequence[str], env: Mapping[str, str], output: IO[bytes] | None = None) -> Process:
    """Start a command without input; what it prints goes to output, or where ours goes."""
    return subprocess.Popen(
        command,
        env=dict(env),
        stdin=subprocess.DEVNULL,
        stdout=output,
        stderr=subprocess.STDOUT if output else None,
        process_group=0,  # Ctrl-C is for us; we stop the others in order
    )


def end_all(processes: Sequence[Process], grace_s: float) -> None:
    """SIGTERM to all, a bounded wait, SIGKILL to what is left."""
    for process in processes:
        if process.poll() is None:
            process.terminate()
    deadline = time.monotonic() + grace_s
    for process in processes:
        try:
            process.wait(max(0.0, deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def grace_s(settings: Settings) -> float:
    """Seconds that a server takes to end at most, once it has been asked to."""
    return settings.lame_duck_s + settings.drain_s + 5
