"""RecommendPapers beside a bare grpcio echo, in alternating windows of one run.

Usage: python tests/load/latency.py [--target HOST:PORT] --redis URL [--windows 12] [--calls 40] [--json FILE]

Windows alternate between three kinds of call, each from one caller:
echo (a bare grpcio server in its own process answers 2 KB), warm (a seed asked before) and cold (the feature cache is
emptied before every call, and each seed is asked for the first time). Ratios to the echo are taken window by window;
their median is what can be compared between machines, the milliseconds are not.
"""

import argparse
import json
import multiprocessing
import statistics
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import grpc
import redis

from cocite.client import Client
from cocite.core.settings import Settings, load_settings
from cocite.recommender.bundle import Bundle, read_current

_ECHO = "/cocite.Echo/Echo"
_ANSWER = b"x" * 2048


def serve_echo(pipe: Connection) -> None:
    """A gRPC server that does nothing but answer 2 KB; sends its port, ends when the pipe does."""

    class Handler(grpc.GenericRpcHandler):
        def service(self, handler_call_details: Any) -> Any:
            return grpc.unary_unary_rpc_method_handler(lambda request, context: _ANSWER)

    server = grpc.server(ThreadPoolExecutor(16))
    server.add_generic_rpc_handlers((Handler(),))
    pipe.send(server.add_insecure_port("127.0.0.1:0"))
    server.start()
    try:
        pipe.recv()
    except EOFError:
        server.stop(None).wait()


def window(call: Callable[[], object], calls: int, before: Callable[[], object] = lambda: None) -> float:
    """Median seconds of calls calls; before runs ahead of each, outside the timing."""
    times = []
    for _ in range(calls):
        before()
        start = time.perf_counter()
        call()
        times.append(time.perf_counter() - start)
    return statistics.median(times)


def seeds_of_model(settings: Settings) -> Iterator[str]:
    """Ids of the serving model's papers, spread over it."""
    version = read_current(settings.bundles)
    if version is None:
        sys.exit("no model is published; run `cocite train`")
    bundle = Bundle.load(settings.bundles / version, verify=False)
    stride = 7919  # a prime, so that every row comes before any comes again
    for i in range(bundle.paper_count):
        yield bundle.paper_id(i * stride % bundle.paper_count)


def measure(target: str, redis_url: str, windows: int, calls: int) -> dict[str, dict[str, float]]:
    """Median milliseconds and median ratio to the echo of each kind of call."""
    context = multiprocessing.get_context("spawn")
    pipe, theirs = context.Pipe()
    process = context.Process(target=serve_echo, args=(theirs,))
    process.start()
    theirs.close()
    cache = redis.Redis.from_url(redis_url)
    seeds = seeds_of_model(load_settings())
    warm_seed = next(seeds)
    medians: dict[str, list[float]] = {"echo": [], "warm": [], "cold": []}
    with Client(target) as client, grpc.insecure_channel(f"127.0.0.1:{pipe.recv()}") as channel:
        echo = channel.unary_unary(_ECHO)

        def warm() -> object:
            return client.recommend([warm_seed])

        def cold() -> object:
            return client.recommend([next(seeds)])

        warm()
        for _ in range(windows):
            medians["echo"].append(window(lambda: echo(b"x" * 40, timeout=5), calls))
            medians["warm"].append(window(warm, calls))
            medians["cold"].append(window(cold, calls, before=cache.flushdb))
            warm()
    pipe.close()
    process.join()
    return {
        kind: {
            "p50_ms": round(1e3 * statistics.median(values), 3),
            "p50_vs_echo": round(statistics.median(v / e for v, e in zip(values, medians["echo"], strict=True)), 2),
        }
        for kind, values in medians.items()
    }


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--target", default=load_settings().recommender_target)
    parser.add_argument("--redis", required=True, help="URL of the feature cache; it is emptied")
    parser.add_argument("--windows", type=int, default=12)
    parser.add_argument("--calls", type=int, default=40)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    rows = measure(options.target, options.redis, options.windows, options.calls)
    for kind, row in rows.items():
        print(f"{kind:5}  p50 {row['p50_ms']:8.3f} ms  {row['p50_vs_echo']:6.2f} x echo")
    if options.json:
        options.json.write_text(json.dumps(rows, indent=1))


if __name__ == "__main__":
    main()
