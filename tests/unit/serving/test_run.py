"""A served process, told to end while a thread of it is stuck."""

import signal
import subprocess
import sys

STUCK = """
import threading
from concurrent.futures import ThreadPoolExecutor
from cocite.core.settings import Settings
from cocite.serving.server import GrpcServer, run

ThreadPoolExecutor(1).submit(threading.Event().wait)
server = GrpcServer(Settings(lame_duck_s=0, drain_s=0), "127.0.0.1:0", ["cocite.v1.Nothing"], lambda s: None)
run(server, "test", lambda: print("closed"))
"""


def test_it_closes_what_it_has_and_ends_with_status_0() -> None:
    with subprocess.Popen(
        [sys.executable, "-c", STUCK], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as process:
        assert process.stdout
        try:
            while "listening" not in (line := process.stdout.readline()):
                assert line, "it ended before it listened"
            process.send_signal(signal.SIGTERM)
            said, _ = process.communicate(timeout=60)
        finally:
            process.kill()
    assert process.returncode == 0
    assert "closed" in said and "threads are stuck" in said
