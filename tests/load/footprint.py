"""What each service needs: memory and CPU of the demo's services at rest and under load, for k8s/ to ask for.

    COCITE_GATEWAY_ANONYMOUS_RATE=60000 .venv/bin/python tests/load/footprint.py --seconds 20

Starts `cocite up --demo`, reads /proc of each service at rest, then while four clients ask the gateway for papers like
texts that nobody asked for before, on which all services but the feeds work. Memory is what is resident (RSS) in MiB;
CPU is in cores.
"""

import argparse
import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.request
from pathlib import Path

SERVICES = ("embedding", "features", "recommender", "feeds", "gateway")
READY_S = 900
TOO_MANY = 429  # of the quota of strangers, which COCITE_GATEWAY_ANONYMOUS_RATE raises
_TICKS = os.sysconf("SC_CLK_TCK")


def main() -> None:
    """Print a table of JSON lines, one a service."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--seconds", type=float, default=20)
    seconds = options.parse_args().seconds
    with tempfile.TemporaryFile("w+") as said:
        stack = subprocess.Popen([sys.executable, "-m", "cocite", "up", "--demo"], stdout=said, stderr=said)
        try:
            gateway = address(said, stack)
            pids = children(stack.pid)
            rest = {name: measured(pid) for name, pid in pids.items()}
            idle = {name: seconds_of_cpu(pid) for name, pid in pids.items()}
            began = time.monotonic()
            asked = ask(gateway, seconds)
            took = time.monotonic() - began
            for name in SERVICES:
                cores = (seconds_of_cpu(pids[name]) - idle[name]) / took
                busy = measured(pids[name])
                row = {"service": name, "rest_mib": rest[name], "busy_mib": busy, "cores": round(cores, 2)}
                print(json.dumps(row | {"answers_per_s": round(asked / took, 1)}))
        finally:
            stack.send_signal(signal.SIGTERM)
            stack.wait(60)


def address(said, stack: subprocess.Popen) -> str:
    """The gateway's address, once the stack is up."""
    end = time.monotonic() + READY_S
    while time.monotonic() < end and stack.poll() is None:
        said.seek(0)
        if found := re.search(r"^gateway +(http://\S+)$", said.read(), re.MULTILINE):
            return found[1]
        time.sleep(0.5)
    said.seek(0)
    raise SystemExit(f"the services do not start:\n{said.read()}")


def children(parent: int) -> dict[str, int]:
    """Ids of the services' processes, by name."""
    found = {}
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            words = path.read_bytes().decode().split("\0")
        except OSError:
            continue
        if "serve" in words and str(parent) in words:
            found[words[words.index("serve") + 1]] = int(path.parent.name)
    return found


def measured(pid: int) -> int:
    """Resident memory, MiB."""
    status = Path(f"/proc/{pid}/status").read_text()
    return round(int(re.search(r"VmRSS:\s+(\d+) kB", status)[1]) / 1024)


def seconds_of_cpu(pid: int) -> float:
    """CPU time so far, in seconds."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICKS


def ask(gateway: str, seconds: float) -> int:
    """Ask with four clients for that long; how many answers came."""
    counts = [0] * 4
    end = time.monotonic() + seconds

    def client(place: int) -> None:
        number = 0
        while time.monotonic() < end:
            number += 1
            body = {"seeds": {"texts": [{"title": f"citation analysis of field {place}-{number}"}]}, "page_size": 20}
            request = urllib.request.Request(
                f"{gateway}/v1/papers:recommend",
                data=json.dumps(body).encode(),
                headers={"content-type": "application/json"},
            )
            try:
                with urllib.request.urlopen(request, timeout=30) as answer:
                    answer.read()
                counts[place] += 1
            except urllib.error.HTTPError as error:
                if error.code != TOO_MANY:
                    raise
                time.sleep(0.1)

    threads = [threading.Thread(target=client, args=(place,)) for place in range(len(counts))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sum(counts)


if __name__ == "__main__":
    main()
