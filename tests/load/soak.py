"""A recommender under proper calls, malformed frames, slow readers and health watchers at once; its memory as it goes.

Usage: python tests/load/soak.py [--transport native] [--minutes 10] [--json FILE]

Starts the features service and the recommender on the model of COCITE_HOME (one is made by `cocite up --demo --once`).
Every proper call must be answered, or refused with the delay to come again after. The recommender's memory is taken
each second; the first fifth of the time warms up, a line is fitted to the rest. Ends with status 1 when a proper call
failed, or the server ended or did not drain.
"""

import argparse
import json
import os
import random
import re
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import grpc
import numpy as np
from abuse import ABUSES, connected
from grpc_health.v1 import health_pb2, health_pb2_grpc

from cocite.cli.model_seeds import seeds_of_model
from cocite.client import Client
from cocite.core.errors import CociteError, Overloaded
from cocite.core.settings import load_settings
from cocite.load.requests import Call
from cocite.v1 import recommender_service_pb2 as pb

METHOD = "/cocite.v1.RecommenderService/RecommendPapers"
CALLERS, ABUSERS, SEEDS = 2, 6, 200
PAUSE_S = 0.02  # between two proper calls, so that the machine is busy, but not only with them
WARM_UP = 0.2


class Soak:
    """Everything that goes on until stop is set, counted by what it is."""

    def __init__(self, target: str, seeds: list[str]) -> None:
        self.target = target
        self.host, _, port = target.rpartition(":")
        self.port = int(port)
        self.seeds = seeds
        self.stop = threading.Event()
        self.counts: Counter[str] = Counter()
        self.failures: list[str] = []
        self._lock = threading.Lock()

    def run(self, pid: int, seconds: float) -> list[tuple[float, int, int]]:
        """Seconds, resident KiB and open files, once a second, while everything goes on."""
        jobs: list[Callable[[random.Random], None]] = [self.call] * CALLERS + [self.abuse] * ABUSERS + [self.watch]
        threads = [threading.Thread(target=self._repeat, args=(job, i)) for i, job in enumerate(jobs)]
        for thread in threads:
            thread.start()
        started, taken = time.monotonic(), []
        while (now := time.monotonic() - started) < seconds and Path(f"/proc/{pid}/fd").exists():
            taken.append((now, resident_kib(pid), sum(1 for _ in Path(f"/proc/{pid}/fd").iterdir())))
            time.sleep(1)
        self.stop.set()
        for thread in threads:
            thread.join()
        return taken

    def _repeat(self, job: Callable[[random.Random], None], number: int) -> None:
        chance = random.Random(number)
        while not self.stop.is_set():
            job(chance)

    def call(self, chance: random.Random) -> None:
        """Proper calls over one connection, some of them repeated, so that known answers are among them."""
        with Client(self.target, timeout_s=30) as client:
            for _ in range(500):
                if self.stop.wait(PAUSE_S):
                    return
                self._count("calls")
                try:
                    if not client.recommend(chance.choice(self.seeds), page_size=chance.choice([5, 20])).results:
                        self._fail("an answer without results")
                except Overloaded as refusal:
                    self._count("refused")
                    self.stop.wait(refusal.retry_after_s)
                except CociteError as error:
                    self._fail(str(error))

    def abuse(self, chance: random.Random) -> None:
        """One bad client."""
        kind = chance.choice(ABUSES)
        seeds = pb.Seeds(positive_ids=[chance.choice(self.seeds)])
        call = Call(METHOD, pb.RecommendPapersRequest(seeds=seeds).SerializeToString())
        self._count(kind.__qualname__.partition(".")[0])
        with connected(self.host, self.port) as link:
            kind(link, call, chance)

    def watch(self, chance: random.Random) -> None:
        """A watcher of the health that leaves without a word."""
        self._count("watchers")
        with grpc.insecure_channel(self.target, [("grpc.use_local_subchannel_pool", 1)]) as channel:
            news = health_pb2_grpc.HealthStub(channel).Watch(health_pb2.HealthCheckRequest(), timeout=30)
            try:
                next(news)
            except grpc.RpcError as error:
                self._fail(f"watch: {error.details()}")
            self.stop.wait(chance.random())

    def _count(self, what: str) -> None:
        with self._lock:
            self.counts[what] += 1

    def _fail(self, why: str) -> None:
        with self._lock:
            self.failures.append(why)


def resident_kib(pid: int) -> int:
    """Memory of a process that is in RAM."""
    return int(re.findall(r"VmRSS:\s+(\d+)", Path(f"/proc/{pid}/status").read_text())[0])


def serve(service: str, **settings: str) -> tuple[subprocess.Popen[str], str]:
    """A service on a free port, and its address."""
    chosen = {f"{service}_listen": "127.0.0.1:0", "log_format": "json", "lame_duck_s": "0", **settings}
    env = os.environ | {f"COCITE_{name.upper()}": value for name, value in chosen.items()}
    command = [sys.executable, "-m", "cocite", "serve", service]
    server = subprocess.Popen(command, env=env, stderr=subprocess.PIPE, text=True)
    assert server.stderr is not None
    said = next((line for line in server.stderr if '"listening"' in line), None)
    if said is None:
        raise SystemExit(f"the {service} service does not start")
    threading.Thread(target=server.stderr.read, daemon=True).start()
    return server, json.loads(said)["address"]


def report(soak: Soak, taken: list[tuple[float, int, int]], status: int) -> dict[str, object]:
    """What came of it; memory in MiB, its slope in MiB a minute."""
    at, kib, files = (np.array(column, dtype=float) for column in zip(*taken, strict=True))
    warm = at >= WARM_UP * at[-1]
    slope = np.polyfit(at[warm] / 60, kib[warm] / 1024, 1)[0] if warm.sum() > 1 else 0.0
    return {
        "minutes": round(at[-1] / 60, 2),
        "counts": dict(sorted(soak.counts.items())),
        "failures": len(soak.failures),
        "first_failures": soak.failures[:5],
        "rss_mib": {
            "start": round(kib[0] / 1024, 1),
            "warm": round(kib[warm][0] / 1024, 1),
            "end": round(kib[-1] / 1024, 1),
            "most": round(kib.max() / 1024, 1),
        },
        "rss_slope_mib_a_minute": round(float(slope), 3),
        "open_files": {"start": int(files[0]), "end": int(files[-1]), "most": int(files.max())},
        "exit_status": status,
    }


def main() -> int:
    """Run it and print the report."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--transport", choices=["grpcio", "native"], default=load_settings().transport)
    parser.add_argument("--minutes", type=float, default=10.0)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    seeds = seeds_of_model(load_settings(), SEEDS)
    features, features_target = serve("features", transport=options.transport)
    server, target = serve("recommender", transport=options.transport, features_target=features_target)
    soak = Soak(target, seeds)
    try:
        taken = soak.run(server.pid, 60 * options.minutes)
    finally:
        server.terminate()
        status = server.wait(60)
        features.terminate()
        features.wait(60)
    found = {"transport": options.transport} | report(soak, taken, status)
    text = json.dumps(found, indent=2)
    print(text)
    if options.json:
        options.json.write_text(text + "\n")
    return int(bool(soak.failures) or status != 0)


if __name__ == "__main__":
    sys.exit(main())
