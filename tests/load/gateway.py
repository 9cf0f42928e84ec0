"""What the gateway costs beside bare grpc.aio: server CPU a request, in alternating windows of one run.

Usage: python tests/load/gateway.py [--windows W] [--seconds S] [--json FILE]

The gateway is built by the function that `cocite serve gateway` calls, all its layers included, and served by uvicorn
as there. Behind it is a server of grpc.aio that answers every call with the same page of 20 results; the echoes that
figures are divided by are the same server, answering as many bytes as the row beside them. Each server is a process on
one core, the load generator has another. A miss counts the CPU of the gateway and of the server behind it.
"""

import argparse
import asyncio
import json
import tempfile
import threading
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

import grpc
import uvicorn
from google.protobuf.json_format import MessageToJson

from cocite.bench.hosting import Hosted, hosted
from cocite.core.settings import Settings
from cocite.gateway.app import build
from cocite.gateway.http_server import Ending
from cocite.gateway.json_codec import json_of
from cocite.gateway.main import configured
from cocite.load.http1 import Http1Session, Post
from cocite.load.paired import paired_ratio, rounds
from cocite.load.processes import ServerCpu, pinned
from cocite.load.requests import Call
from cocite.load.session import LoadSession
from cocite.v1 import recommender_service_pb2 as pb
from cocite.v1.paper_pb2 import Paper

SERVER_CORES, CLIENT_CORES = {0}, {1}
CONCURRENCY, CONNECTIONS = 32, 32
MODEL = "model-1"
PATH = "/cocite.v1.RecommenderService/RecommendPapers"
DESCRIBE = "/cocite.v1.RecommenderService/GetModel"
REST = "/v1/papers:recommend"
REQUEST = pb.RecommendPapersRequest(seeds=pb.Seeds(positive_ids=["doi:10.1002/asi.4630240406"]))
GOALS = {"hit, Connect JSON": 1.0, "hit, Connect binary": 0.5, "miss, Connect binary": 2.5, "miss, Connect JSON": 2.5}


def page() -> pb.RecommendPapersResponse:
    """20 results, with what an answer of the demo corpus has in them."""
    return pb.RecommendPapersResponse(model_version=MODEL, results=[_result(rank) for rank in range(1, 21)])


def _result(rank: int) -> pb.Recommendation:
    seed = REQUEST.seeds.positive_ids[0]
    cited = [f"doi:10.1007/s11192-0{rank:02}-{number:04}-x" for number in range(3)]
    paper = Paper(
        paper_id=f"doi:10.1002/asi.{rank:05}",
        title="Co-citation analysis and the visualisation of scientific specialties, a review",
        authors=["Howard D. White", "Belver C. Griffith", "Katherine W. McCain"],
        year=1980 + rank,
        venue="Journal of the American Society for Information Science",
        citation_count=rank * 7,
        reference_count=30 + rank,
        has_abstract=True,
        fields=["Computer Science", "Information Science"],
    )
    reasons = [
        pb.Reason(seed=seed, co_citation=pb.CoCitation(count=12, paper_ids=cited)),
        pb.Reason(seed=seed, shared_references=pb.SharedReferences(count=4, paper_ids=cited)),
        pb.Reason(seed=seed, text_likeness=pb.TextLikeness(cosine=0.71, shared_terms=["citation", "author"])),
    ]
    return pb.Recommendation(paper=paper, score=1.0 / rank, rank=rank, reasons=reasons)


@contextmanager
def _in_thread(serve: Any, started: threading.Event) -> Iterator[None]:
    thread = threading.Thread(target=serve)
    thread.start()
    assert started.wait(30)
    yield
    thread.join()


@contextmanager
def aio(answer: bytes) -> Iterator[int]:
    """grpc.aio with nothing of ours, which answers every call with the same bytes, and says which model serves."""
    model = pb.GetModelResponse(model_version=MODEL).SerializeToString()
    started, loops, ports, ended = threading.Event(), [], [], []

    async def told(request: bytes, context: Any) -> bytes:
        return answer

    async def described(request: bytes, context: Any) -> bytes:
        return model

    async def run() -> None:
        server = grpc.aio.server()
        handlers = {
            PATH.rpartition("/")[2]: grpc.unary_unary_rpc_method_handler(told),
            DESCRIBE.rpartition("/")[2]: grpc.unary_unary_rpc_method_handler(described),
        }
        server.add_generic_rpc_handlers([grpc.method_handlers_generic_handler(PATH.split("/")[1], handlers)])
        ports.append(server.add_insecure_port("127.0.0.1:0"))
        await server.start()
        loops.append(asyncio.get_running_loop())
        ended.append(asyncio.Event())
        started.set()
        await ended[0].wait()
        await server.stop(0)

    with _in_thread(lambda: asyncio.run(run()), started):
        try:
            yield ports[0]
        finally:
            loops[0].call_soon_threadsafe(ended[0].set)


@contextmanager
def gateway(settings: Settings) -> Iterator[int]:
    """`cocite serve gateway`."""
    started = threading.Event()

    class Server(uvicorn.Server):
        async def startup(self, sockets: Any = None) -> None:
            await super().startup(sockets)
            started.set()

    server = Server(configured(settings, lambda: build(settings, Ending())))
    with _in_thread(server.run, started):
        try:
            yield server.servers[0].sockets[0].getsockname()[1]
        finally:
            server.should_exit = True


@dataclass(frozen=True)
class Row:
    """What is asked, of which processes the CPU counts, and the row that it is held against."""

    name: str
    session: LoadSession
    servers: Sequence[Hosted]
    base: str = ""

    def cpu_us(self, seconds: float) -> float:
        """CPU of the servers a request, over one window."""
        clocks = [ServerCpu(each.pid) for each in self.servers]
        before = [clock.read() for clock in clocks]
        result = self.session.closed(CONCURRENCY, seconds)
        spent = sum(clock.spent(start, clock.read()) for clock, start in zip(clocks, before, strict=True))
        assert not result.failures and not result.lost, (self.name, result.failures, result.messages, result.lost)
        return 1e6 * spent / result.ended


@contextmanager
def stage() -> Iterator[list[Row]]:
    answer = page().SerializeToString()
    text = json_of(answer, pb.RecommendPapersResponse)
    asked = MessageToJson(REQUEST, indent=None).encode()
    binary = REQUEST.SerializeToString()
    json_post, proto_post = Post(PATH, asked, "application/json"), Post(PATH, binary, "application/proto")
    with ExitStack() as open_now:
        home = open_now.enter_context(tempfile.TemporaryDirectory())

        def host(serve: Any, argument: Any) -> Hosted:
            return open_now.enter_context(hosted(serve, argument, cores=SERVER_CORES))

        def served(behind: Hosted, **settings: Any) -> Hosted:
            told = {"recommender_target": f"127.0.0.1:{behind.port}", "gateway_listen": "127.0.0.1:0"}
            return host(gateway, Settings(home=home, gateway_anonymous_rate=10**9, **told, **settings))

        def http(server: Hosted, post: Post) -> LoadSession:
            return Http1Session("127.0.0.1", server.port, [post], connections=CONNECTIONS)

        def grpc_to(server: Hosted) -> LoadSession:
            return LoadSession("127.0.0.1", server.port, [Call(PATH, binary)], connections=1)

        echo_text, echo = host(aio, text), host(aio, answer)
        keeping = served(echo, gateway_max_age_s=3600)
        asking = served(echo, gateway_cache_bytes=0)
        yield [
            Row(f"grpc.aio, {len(text):,} bytes", grpc_to(echo_text), [echo_text]),
            Row(f"grpc.aio, {len(answer):,} bytes", grpc_to(echo), [echo]),
            Row("hit, Connect JSON", http(keeping, json_post), [keeping], f"grpc.aio, {len(text):,} bytes"),
            Row(
                "hit, REST",
                http(keeping, Post(REST, asked, "application/json")),
                [keeping],
                f"grpc.aio, {len(text):,} bytes",
            ),
            Row("hit, Connect binary", http(keeping, proto_post), [keeping], f"grpc.aio, {len(answer):,} bytes"),
            Row("miss, Connect binary", http(asking, proto_post), [asking, echo], f"grpc.aio, {len(answer):,} bytes"),
            Row("miss, Connect JSON", http(asking, json_post), [asking, echo], f"grpc.aio, {len(text):,} bytes"),
        ]


def measure(windows: int, seconds: float) -> dict[str, Any]:
    """CPU and ratios of every row."""
    with pinned(CLIENT_CORES), stage() as rows:
        by_name = {row.name: row for row in rows}
        for row in rows:  # connections and caches fill
            row.cpu_us(seconds)
        found: dict[str, list[float]] = {name: [] for name in by_name}
        for names in rounds(list(by_name), windows):
            for name in names:
                found[name].append(by_name[name].cpu_us(seconds))
    return {name: _figures(row, found) for name, row in by_name.items()}


def _figures(row: Row, found: dict[str, list[float]]) -> dict[str, Any]:
    told: dict[str, Any] = {"cpu_us": median(found[row.name])}
    if row.base:
        ratio = paired_ratio(found[row.name], found[row.base])
        told |= {"base": row.base, "ratio": ratio.median, "quartiles": [ratio.low, ratio.high], "pairs": ratio.pairs}
        told |= {"goal": GOALS.get(row.name)}
    return told


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--windows", type=int, default=10)
    parser.add_argument("--seconds", type=float, default=1.0)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    figures = measure(options.windows, options.seconds)
    for name, told in figures.items():
        line = f"{name:<24} {told['cpu_us']:8.1f} us"
        if "ratio" in told:
            low, high = told["quartiles"]
            goal = f", goal {told['goal']}" if told["goal"] else ""
            line += f"   {told['ratio']:.2f} ({low:.2f} to {high:.2f}) of {told['base']}{goal}"
        print(line)
    if options.json:
        options.json.write_text(json.dumps(figures, indent=1) + "\n")


if __name__ == "__main__":
    main()
