"""What counting costs an answer from memory: CPU a request with metrics and without, in alternating windows of one run.

Usage: python tests/load/metrics.py [--windows W] [--seconds S] [--json FILE]

Both servers are the one that every process runs, with a wire cache that has the answer; one counts its calls, tells
them to a scraper once a second and lets it read all of them, the other does neither. Each is a process on one core, the
load generator has another. Ends with status 1 where the median of the paired ratios is above the goal.
"""

import argparse
import json
import sys
import threading
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from statistics import median
from typing import Any

import grpc

from cocite.bench.hosting import Hosted, hosted
from cocite.core.settings import Settings
from cocite.load.paired import paired_ratio, rounds
from cocite.load.processes import ServerCpu, pinned
from cocite.load.requests import Call
from cocite.load.session import LoadSession
from cocite.recommender.answer_cache import RECOMMEND, SERVICE
from cocite.serving.answer_memory import AnswerMemory
from cocite.serving.metrics import telling
from cocite.serving.rpc_meter import RpcMeter
from cocite.serving.server import GrpcServer
from cocite.serving.wire_cache import WireCache
from cocite.v1 import recommender_service_pb2 as pb
from cocite.v1.recommender_service_pb2_grpc import (
    RecommenderServiceServicer,
    add_RecommenderServiceServicer_to_server,
)

SERVER_CORES, CLIENT_CORES = {0}, {1}
CONCURRENCY = 32
GOAL = 1.03
SCRAPED_EVERY_S = 1.0  # fifteen times as often as usual
ANSWER = b"x" * 8192  # about a page of 20 results
REQUEST = pb.RecommendPapersRequest(seeds=pb.Seeds(positive_ids=["doi:10.1002/asi.4630240406"])).SerializeToString()


@contextmanager
def answering(transport: str, counted: bool) -> Iterator[int]:
    """A server whose wire cache has the answer."""
    settings = Settings(transport=transport, recommender_listen="127.0.0.1:0", metrics_listen="127.0.0.1:0")
    memory: AnswerMemory[bytes] = AnswerMemory(64 << 20, 3600)
    memory.serve("model")
    memory.put("model", RECOMMEND, REQUEST, ANSWER)
    meter = RpcMeter() if counted else None

    def register(server: grpc.Server) -> None:
        add_RecommenderServiceServicer_to_server(RecommenderServiceServicer(), server)

    wire = WireCache(frozenset([RECOMMEND]), memory)
    server = GrpcServer(settings, settings.recommender_listen, [SERVICE], register, wire, meter=meter)
    with ExitStack() as stack:
        if meter:
            address = stack.enter_context(telling(settings, server, meter, ()))
            stack.enter_context(_scraped(f"http://{address}/metrics"))
        server.start()
        try:
            yield server.port
        finally:
            server.stop(0)


@contextmanager
def _scraped(url: str) -> Iterator[None]:
    stop = threading.Event()

    def scrape() -> None:
        while not stop.wait(SCRAPED_EVERY_S):
            urllib.request.urlopen(url, timeout=5).read()

    thread = threading.Thread(target=scrape)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


def cpu_us(server: Hosted, session: LoadSession, seconds: float) -> float:
    """CPU of a server a request, over one window."""
    clock = ServerCpu(server.pid)
    before = clock.read()
    result = session.closed(CONCURRENCY, seconds)
    spent = clock.spent(before, clock.read())
    assert not result.failures and not result.lost, (result.failures, result.messages, result.lost)
    return 1e6 * spent / result.ended


def compare(transport: str, windows: int, seconds: float) -> dict[str, Any]:
    """Figures of one transport."""
    with pinned(CLIENT_CORES), ExitStack() as stack:
        servers = {
            name: stack.enter_context(hosted(answering, transport, name == "counted", cores=SERVER_CORES))
            for name in ("counted", "not counted")
        }
        sessions = {
            name: LoadSession("127.0.0.1", server.port, [Call(RECOMMEND, REQUEST)]) for name, server in servers.items()
        }
        found: dict[str, list[float]] = {name: [] for name in servers}
        for name in servers:
            cpu_us(servers[name], sessions[name], seconds)
        for names in rounds(list(servers), windows):
            for name in names:
                found[name].append(cpu_us(servers[name], sessions[name], seconds))
    ratio = paired_ratio(found["counted"], found["not counted"])
    return {
        **{name: median(values) for name, values in found.items()},
        "ratio": ratio.median,
        "quartiles": [ratio.low, ratio.high],
        "pairs": ratio.pairs,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--windows", type=int, default=40)
    parser.add_argument("--seconds", type=float, default=0.5)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    figures = {each: compare(each, options.windows, options.seconds) for each in ("grpcio", "native")}
    for transport, told in figures.items():
        low, high = told["quartiles"]
        print(
            f"{transport:<8} counted {told['counted']:6.2f} us, not counted {told['not counted']:6.2f} us, "
            f"ratio {told['ratio']:.3f} ({low:.3f} to {high:.3f}), goal {GOAL}"
        )
    if options.json:
        options.json.write_text(json.dumps(figures, indent=1) + "\n")
    sys.exit(any(told["ratio"] > GOAL for told in figures.values()))


if __name__ == "__main__":
    main()
