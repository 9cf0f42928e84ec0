"""What feeds cost: server CPU a call in alternating windows of one run, and events acknowledged a second.

Usage: python tests/load/feeds.py HOME [--windows W] [--seconds S] [--json FILE]

HOME is a home directory with a catalogue and a trained model, such as `cocite up --demo --once` leaves in
demo/scientometrics; its catalogue is copied, not written to. Every server is a process of its own, built by the
function that `cocite serve` calls, and all share one Valkey. Windows alternate between an echo on bare grpcio, an equal
request answered again by the recommender (a wire hit), a feed that is asked for again, the same for a reader of whom
nothing is known, and trending; servers on one core, the load generator on the other. Then batches of 100 events by 4
callers on both cores, and how long a save and the feed after it take.
"""

import argparse
import itertools
import json
import shutil
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

import grpc

from cocite.bench import latency_servers as servers
from cocite.bench.hosting import Hosted, hosted
from cocite.cache.connecting import connect
from cocite.cache.embedded import EmbeddedValkey
from cocite.cache.redis_store import RedisStore
from cocite.catalogue.store import Catalogue
from cocite.core.settings import Settings
from cocite.load.paired import paired_ratio, rounds
from cocite.load.processes import ServerCpu, pinned
from cocite.load.requests import Call
from cocite.load.session import LoadSession
from cocite.serving.logs import configure_logs
from cocite.serving.server import settle
from cocite.v1 import feed_service_pb2 as pb
from cocite.v1 import recommender_service_pb2
from cocite.v1.feed_service_pb2_grpc import FeedServiceStub

SERVER_CORES, CLIENT_CORES, ALL_CORES = {0}, {1}, {0, 1}
CONCURRENCY, CONNECTIONS = 16, 4
BATCH, CALLERS, BATCHES = 100, 4, 4000
READERS = 5000
SAVES = 20  # papers that the reader of the warm feed keeps
RECOMMEND, LIST_FEED, LIST_TRENDING, RECORD = (
    "/cocite.v1.RecommenderService/RecommendPapers",
    "/cocite.v1.FeedService/ListFeed",
    "/cocite.v1.FeedService/ListTrending",
    "/cocite.v1.FeedService/RecordEvents",
)
ECHO, HIT, WARM, NEWCOMER = "echo", "wire hit", "warm feed", "warm feed, new reader"
TRENDING = "trending"
GOAL_RATIO, GOAL_EVENTS = 1.5, 5000


@contextmanager
def feeds(settings: Settings) -> Iterator[int]:
    """`cocite serve feeds`."""
    from cocite.feeds.main import build

    configure_logs(settings)
    with closing(build(settings)) as process:
        process.server.start()
        settle()
        try:
            yield process.server.port
        finally:
            process.server.stop(lame_duck_s=0.0)


def event(reader: str, number: int, kind: pb.EventKind, paper_id: str) -> pb.Event:
    who = pb.ReaderRef(reader_id=reader)
    return pb.Event(event_id=f"e{number}", reader=who, kind=kind, paper_id=paper_id, attribution_token="t" * 50)


def batches(papers: Sequence[str], run: str) -> list[Call]:
    """Batches of events that are all different, of READERS readers."""
    kinds = [pb.EVENT_KIND_VIEW] * 6 + [pb.EVENT_KIND_CLICK] * 2 + [pb.EVENT_KIND_SAVE, pb.EVENT_KIND_UPVOTE]
    numbers = itertools.count()
    made = []
    for _ in range(BATCHES):
        events = []
        for number in itertools.islice(numbers, BATCH):
            paper = papers[number * 7919 % len(papers)]
            events.append(event(f"{run} {number * 104729 % READERS}", number, kinds[number % len(kinds)], paper))
        made.append(Call(RECORD, pb.RecordEventsRequest(events=events).SerializeToString()))
    return made


@dataclass(frozen=True)
class Row:
    """A question asked again and again, and the server that it is asked of."""

    name: str
    session: LoadSession
    server: Hosted

    def cpu_us(self, seconds: float) -> float:
        """CPU of the server a call, over one window."""
        clock = ServerCpu(self.server.pid)
        before = clock.read()
        result = self.session.closed(CONCURRENCY, seconds)
        assert not result.failures and not result.lost, (self.name, result.failures, result.messages)
        return 1e6 * clock.spent(before, clock.read()) / result.ended


@dataclass(frozen=True)
class Stage:
    """The servers, and what to ask."""

    rows: list[Row]
    feeds: Hosted
    papers: list[str]
    answer_bytes: dict[str, int]
    redis_url: str


@contextmanager
def stage(home: Path) -> Iterator[Stage]:
    with ExitStack() as open_now:
        own = Path(open_now.enter_context(tempfile.TemporaryDirectory()))
        shutil.copy(home / "catalogue.db", own / "catalogue.db")
        valkey = EmbeddedValkey("256mb")
        open_now.callback(valkey.close)
        store = RedisStore(connect(valkey.url, 1.0, 2))
        valkey.wait_until_ready(store)
        store.close()
        told: dict[str, Any] = {"home": own, "bundles_dir": home / "bundles", "redis_url": valkey.url}
        told["redis_timeout_s"] = 1.0  # other work on the machine is not to be taken for a Redis that is away
        told |= {"encoder": "hashing", "wire_cache_ttl_s": 3600}

        def host(serve: Any, **settings: Any) -> Hosted:
            return open_now.enter_context(hosted(serve, Settings(**told, **settings), cores=SERVER_CORES))

        features = host(servers.features, features_listen="127.0.0.1:0")
        behind = {"features_target": f"127.0.0.1:{features.port}"}
        recommender = host(servers.recommender, recommender_listen="127.0.0.1:0", **behind)
        behind["recommender_target"] = f"127.0.0.1:{recommender.port}"
        feed = host(feeds, feeds_listen="127.0.0.1:0", **behind)
        echo = open_now.enter_context(hosted(servers.echo_grpcio, 16, cores=SERVER_CORES))
        with Catalogue.open(f"sqlite:///{own / 'catalogue.db'}") as catalogue:
            papers = [paper.paper_id for _, paper in itertools.islice(catalogue.iter_papers(counts=False), 20_000)]
        calls, sizes = questions(feed, recommender, papers)
        owners = {ECHO: echo, HIT: recommender, WARM: feed, NEWCOMER: feed, TRENDING: feed}
        rows = [
            Row(name, LoadSession("127.0.0.1", owners[name].port, [call], connections=CONNECTIONS), owners[name])
            for name, call in calls.items()
        ]
        yield Stage(rows, feed, papers, sizes, valkey.url)


def questions(feed: Hosted, recommender: Hosted, papers: list[str]) -> tuple[dict[str, Call], dict[str, int]]:
    """What to ask, asked once, and how many bytes the answers have."""
    wanted = recommender_service_pb2.RecommendPapersRequest(
        seeds=recommender_service_pb2.Seeds(positive_ids=papers[:2])
    )
    known = pb.ListFeedRequest(reader=pb.ReaderRef(reader_id="the reader"))
    unknown = pb.ListFeedRequest(reader=pb.ReaderRef(reader_id="a newcomer"))
    calls = {
        ECHO: Call(servers.ECHO_PATH, b""),
        HIT: Call(RECOMMEND, wanted.SerializeToString()),
        WARM: Call(LIST_FEED, known.SerializeToString()),
        NEWCOMER: Call(LIST_FEED, unknown.SerializeToString()),
        TRENDING: Call(LIST_TRENDING, pb.ListTrendingRequest().SerializeToString()),
    }
    with grpc.insecure_channel(f"127.0.0.1:{feed.port}") as channel:
        saves = [event("the reader", n, pb.EVENT_KIND_SAVE, paper) for n, paper in enumerate(papers[:SAVES])]
        stub = FeedServiceStub(channel)
        stub.RecordEvents(pb.RecordEventsRequest(events=saves), timeout=30)
        while not stub.ListTrending(pb.ListTrendingRequest(), timeout=30).items:
            time.sleep(0.1)
    sizes = {ECHO: servers.ECHO_BYTES}
    for name, server in ((HIT, recommender), (WARM, feed), (NEWCOMER, feed), (TRENDING, feed)):
        with grpc.insecure_channel(f"127.0.0.1:{server.port}") as channel:
            sizes[name] = len(channel.unary_unary(calls[name].path)(calls[name].message, timeout=30))
    return calls, sizes


def record(on: Stage, seconds: float) -> dict[str, float]:
    """Events acknowledged a second, all of them new, and CPU of the server for each."""
    with (
        pinned(ALL_CORES),
        LoadSession("127.0.0.1", on.feeds.port, batches(on.papers, "r"), connections=CALLERS, zipf=None) as session,
    ):
        clock = ServerCpu(on.feeds.pid)
        before = clock.read()
        result = session.closed(CALLERS, seconds)
        spent = clock.spent(before, clock.read())
    assert not result.failures and not result.lost and result.ended < BATCHES, (result.failures, result.ended)
    return {
        "events_per_s": result.answered * BATCH / seconds,
        "cpu_us_per_event": 1e6 * spent / (result.ended * BATCH),
        "p99_batch_ms": result.percentile_us(99) / 1e3,
    }


def save_then_feed(on: Stage, times: int) -> dict[str, float]:
    """Milliseconds, in the middle, of a save and of the feed after it, which must be without the paper saved."""
    with grpc.insecure_channel(f"127.0.0.1:{on.feeds.port}") as channel:
        stub, saves, listings = FeedServiceStub(channel), [], []
        wanted = pb.ListFeedRequest(reader=pb.ReaderRef(reader_id="the reader"))
        for number in range(times):
            first = stub.ListFeed(wanted, timeout=30).items[0].paper.paper_id
            save = event("the reader", 1000 + number, pb.EVENT_KIND_SAVE, first)
            started = time.perf_counter()
            stub.RecordEvents(pb.RecordEventsRequest(events=[save]), timeout=30)
            kept = time.perf_counter()
            after = stub.ListFeed(wanted, timeout=30)
            listings.append(1e3 * (time.perf_counter() - kept))
            saves.append(1e3 * (kept - started))
            assert first not in [item.paper.paper_id for item in after.items]
    return {"save_ms": median(saves), "feed_after_ms": median(listings)}


def measure(home: Path, windows: int, seconds: float) -> dict[str, Any]:
    """CPU and ratios of every row, events a second, and a save with the feed after it."""
    with pinned(CLIENT_CORES), stage(home) as on:
        by_name = {row.name: row for row in on.rows}
        for row in on.rows:  # connections and caches fill
            row.cpu_us(seconds)
        found: dict[str, list[float]] = {name: [] for name in by_name}
        for names in rounds(list(by_name), windows):
            for name in names:
                found[name].append(by_name[name].cpu_us(seconds))
        told: dict[str, Any] = {}
        for name in by_name:
            ratio = paired_ratio(found[name], found[HIT])
            told[name] = {"cpu_us": median(found[name]), "bytes": on.answer_bytes[name]}
            told[name] |= {"of_wire_hit": ratio.median, "quartiles": [ratio.low, ratio.high]}
        return told | {"record": record(on, 5 * seconds), "save": save_then_feed(on, 20)}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("home", type=Path)
    parser.add_argument("--windows", type=int, default=10)
    parser.add_argument("--seconds", type=float, default=1.0)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    figures = measure(options.home, options.windows, options.seconds)
    for name in (ECHO, HIT, WARM, NEWCOMER, TRENDING):
        told = figures[name]
        low, high = told["quartiles"]
        ratio = f"{told['of_wire_hit']:.2f} ({low:.2f} to {high:.2f}) of a wire hit"
        print(f"{name:<22} {told['cpu_us']:7.1f} us, {told['bytes']:6,} bytes   {ratio}, goal {GOAL_RATIO}")
    recorded, saved = figures["record"], figures["save"]
    print(
        f"events                 {recorded['events_per_s']:,.0f} a second, goal {GOAL_EVENTS:,}; "
        f"{recorded['cpu_us_per_event']:.0f} us of CPU each; 99 % of batches within {recorded['p99_batch_ms']:.0f} ms"
    )
    print(f"a save {saved['save_ms']:.1f} ms, the feed after it {saved['feed_after_ms']:.1f} ms")
    if options.json:
        options.json.write_text(json.dumps(figures, indent=1) + "\n")


if __name__ == "__main__":
    main()
