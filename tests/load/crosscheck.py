"""The load generator beside h2load (Debian package nghttp2-client), against one server, window by window.

Usage: python tests/load/crosscheck.py HOST:PORT PID [--windows 6] [--calls 10000]

HOST:PORT is tests/load/echo.py, PID its process. For 1, 16 and 64 calls at a time over one connection, by each of the
two: answers a second, and microseconds of CPU that a call takes of the server; and the medians of the ratios of windows
side by side, with their quartiles. The two should agree in the second; where the server is the limit, in the first.
"""

import argparse
import re
import statistics
import subprocess
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from cocite.load.frames import UINT32
from cocite.load.paired import paired_ratio, rounds
from cocite.load.processes import ServerCpu
from cocite.load.requests import Call
from cocite.load.session import LoadSession

PATH, MESSAGE = "/cocite.Echo/Echo", b"x" * 40
Way = Callable[[int], tuple[int, float]]
_FINISHED = re.compile(r"finished in \S+, ([\d.]+) req/s.*?(\d+) succeeded", re.DOTALL)


def by_h2load(target: str, concurrency: int, calls: int) -> tuple[int, float]:
    """Answers, and seconds they took."""
    with tempfile.TemporaryDirectory() as folder:
        body = Path(folder) / "body"
        body.write_bytes(b"\0" + UINT32.pack(len(MESSAGE)) + MESSAGE)
        command = ["h2load", "-n", str(calls), "-c1", f"-m{concurrency}", "-d", str(body)]
        command += ["-H", "content-type: application/grpc", "-H", "te: trailers", f"http://{target}{PATH}"]
        said = subprocess.run(command, capture_output=True, text=True, timeout=120, check=True).stdout
    found = _FINISHED.search(said)
    if found is None or int(found[2]) != calls:
        raise SystemExit(f"h2load did not get every answer:\n{said}")
    return calls, calls / float(found[1])


def by_us(session: LoadSession, concurrency: int, calls: int) -> tuple[int, float]:
    """The same by the load generator, over at least as many calls."""
    begin, answered = time.perf_counter(), 0
    while answered < calls:
        result = session.closed(concurrency, seconds=0.5)
        if result.failed:
            raise SystemExit(f"calls failed: {result.messages}")
        answered += result.answered_in_all
    return answered, time.perf_counter() - begin


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("target")
    parser.add_argument("pid", type=int)
    parser.add_argument("--windows", type=int, default=6)
    parser.add_argument("--calls", type=int, default=10_000)
    asked = parser.parse_args()
    host, _, port = asked.target.rpartition(":")
    server = ServerCpu(asked.pid)
    with LoadSession(host, int(port), [Call(PATH, MESSAGE)]) as session:
        ways: dict[str, Way] = {
            "ours": lambda concurrency: by_us(session, concurrency, asked.calls),
            "h2load": lambda concurrency: by_h2load(asked.target, concurrency, asked.calls),
        }
        for concurrency in (1, 16, 64):
            rps: dict[str, list[float]] = {way: [] for way in ways}
            cpu_us: dict[str, list[float]] = {way: [] for way in ways}
            for order in rounds(list(ways), asked.windows):
                for way in order:
                    before = server.read()
                    answered, seconds = ways[way](concurrency)
                    rps[way].append(answered / seconds)
                    cpu_us[way].append(1e6 * server.spent(before, server.read()) / answered)
            print(f"{concurrency:3} at a time   answers/s  {line(rps)}")
            print(f"{'':14}   CPU us     {line(cpu_us)}", flush=True)


def line(found: dict[str, list[float]]) -> str:
    """Medians of both ways, and of their ratios."""
    ratio = paired_ratio(found["ours"], found["h2load"])
    medians = "  ".join(f"{way} {statistics.median(values):8,.1f}" for way, values in found.items())
    return f"{medians}  ratio {ratio.median:.2f} ({ratio.low:.2f} to {ratio.high:.2f})"


if __name__ == "__main__":
    main()
