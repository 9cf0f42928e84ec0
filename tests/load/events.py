"""What keeping events costs: events a second in batches, and one event beside a bare fsync of the same disk.

Usage: python tests/load/events.py [--folder DIR] [--readers R] [--papers P] [--seconds S] [--windows W] [--json FILE]

Appends to a SQLite catalogue of its own in DIR. First batches of 100 by 1 and by 4 callers: events acknowledged a
second, and CPU of the process for each. Then alternating windows of single events and of 8 KiB written to a file and
fsynced, each for a while: their 50th and 99th percentiles, the median of the windows' differences, and what the event
takes of CPU. The same again of RecordEvents with one event, over gRPC.
"""

import argparse
import itertools
import json
import os
import statistics
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import grpc
import numpy as np

from cocite.catalogue.events import EventKind, EventLog, NewEvent, ReaderName, Status
from cocite.catalogue.records import Fields, PaperRecord
from cocite.catalogue.store import Catalogue
from cocite.core.settings import Settings
from cocite.feeds.main import build
from cocite.serving.logs import configure_logs
from cocite.v1 import feed_service_pb2 as pb
from cocite.v1.feed_service_pb2_grpc import FeedServiceStub

Keep = Callable[[NewEvent], object]

BATCH = 100
CALLERS = (1, 4)
KINDS = (*[EventKind.VIEW] * 6, EventKind.CLICK, EventKind.CLICK, EventKind.SAVE, EventKind.UPVOTE)
AN_FSYNC = 8192  # bytes before it


class Sender:
    """Makes events of readers and papers drawn at random, papers by popularity."""

    def __init__(self, name: str, readers: int, papers: int, seed: int) -> None:
        self._name = name
        self._rng = np.random.default_rng(seed)
        self._readers = [ReaderName(False, f"reader {number}") for number in range(readers)]
        self._papers = papers
        self._number = itertools.count()

    def draw(self, count: int) -> list[NewEvent]:
        readers = self._rng.integers(len(self._readers), size=count).tolist()
        papers = np.minimum(self._rng.zipf(1.3, count), self._papers).tolist()
        kinds = self._rng.integers(len(KINDS), size=count).tolist()
        return [
            NewEvent(f"{self._name}-{next(self._number)}", self._readers[r], KINDS[k], f"s2:{p}", False, "t" * 80, 1)
            for r, p, k in zip(readers, papers, kinds, strict=True)
        ]


def throughput(log: EventLog, senders: list[Sender], seconds: float) -> dict[str, float]:
    """Events a second by so many callers, each with one call under way, and CPU of the process for each event."""
    waiting = [[sender.draw(BATCH) for _ in range(int(seconds * 500) + 1)] for sender in senders]
    kept = [0] * len(senders)
    end = time.monotonic() + seconds

    def work(place: int) -> None:
        for batch in waiting[place]:
            if time.monotonic() > end:
                return
            kept[place] += log.append(batch).count(Status.RECORDED)

    threads = [threading.Thread(target=work, args=(place,)) for place in range(len(senders))]
    start, cpu = time.monotonic(), time.process_time()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    took, cpu = time.monotonic() - start, time.process_time() - cpu
    return {
        "callers": len(senders),
        "events": sum(kept),
        "events_a_second": sum(kept) / took,
        "cpu_us_an_event": cpu / sum(kept) * 1e6,
        "cores": cpu / took,
    }


def _window(call: Callable[[], object], seconds: float) -> list[float]:
    times = []
    end = time.monotonic() + seconds
    while (start := time.perf_counter()) and time.monotonic() < end:
        call()
        times.append(time.perf_counter() - start)
    return times


def single(keep: Keep, sender: Sender, folder: Path, windows: int, seconds: float) -> dict[str, float]:
    """Milliseconds of one event and of an fsync, in alternating windows."""
    events = iter(sender.draw(1_000_000 if seconds > 5 else 100_000))
    descriptor = os.open(folder / "bare", os.O_RDWR | os.O_CREAT)
    page = os.urandom(AN_FSYNC)

    def fsync() -> None:
        os.write(descriptor, page)
        os.fsync(descriptor)

    appended, synced, differences = [], [], []
    cpu = 0.0
    for _ in range(windows):
        before = time.process_time()
        some = _window(lambda: keep(next(events)), seconds)
        cpu += time.process_time() - before
        bare = _window(fsync, seconds)
        differences.append(float(np.percentile(some, 99) - np.percentile(bare, 99)))
        appended += some
        synced += bare
    os.close(descriptor)
    found = {"events": len(appended), "cpu_us_an_event": cpu / len(appended) * 1e6}
    for share in (50, 99):
        found[f"event_p{share}_ms"] = float(np.percentile(appended, share)) * 1e3
        found[f"fsync_p{share}_ms"] = float(np.percentile(synced, share)) * 1e3
    return {**found, "p99_difference_ms": statistics.median(differences) * 1e3}


@contextmanager
def feed_service(folder: Path) -> Iterator[Keep]:
    """RecordEvents over gRPC on loopback, by a service in this process: the caller's share is in what it takes."""
    nobody = "127.0.0.1:1"
    settings = Settings(home=folder, feeds_listen="127.0.0.1:0", recommender_target=nobody, features_target=nobody)
    configure_logs(settings.model_copy(update={"log_level": "error"}))
    with closing(build(settings)) as process, grpc.insecure_channel(process.server.start()) as channel:
        stub = FeedServiceStub(channel)

        def keep(event: NewEvent) -> None:
            told = pb.Event(
                event_id=event.event_id,
                reader=pb.ReaderRef(reader_id=event.reader.name),
                kind=pb.EventKind.Name(int(event.kind)),
                paper_id=event.paper_id,
                attribution_token=event.attribution_token,
                position=event.position,
            )
            answer = stub.RecordEvents(pb.RecordEventsRequest(events=[told]), timeout=30)
            assert answer.results[0].status == pb.EVENT_STATUS_RECORDED, answer

        try:
            yield keep
        finally:
            process.server.stop(lame_duck_s=0.0)


def measure(folder: Path, readers: int, papers: int, seconds: float, windows: int) -> dict[str, object]:
    """All figures."""

    def sender(seed: int) -> Sender:
        return Sender(f"single-{seed}", readers, papers, seed)

    with Catalogue.open(f"sqlite:///{folder / 'catalogue.db'}") as catalogue:
        catalogue.write([PaperRecord((f"s2:{n}",), Fields(f"Paper {n}")) for n in range(1, papers + 1)])
        with EventLog(catalogue) as log:
            found = []
            for callers in CALLERS:
                senders = [Sender(f"{callers}-{place}", readers, papers, place) for place in range(callers)]
                found.append(throughput(log, senders, seconds))
            one = single(lambda event: log.append([event]), sender(99), folder, windows, seconds / 4)
    with feed_service(folder) as keep:
        called = single(keep, sender(100), folder, windows, seconds / 4)
    told = {"single event": one, "RecordEvents of one": called}
    return {"readers": readers, "papers": papers, "batch": BATCH, "batches": found, "single": told}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--folder", type=Path)
    parser.add_argument("--readers", type=int, default=20_000)
    parser.add_argument("--papers", type=int, default=20_000)
    parser.add_argument("--seconds", type=float, default=8.0)
    parser.add_argument("--windows", type=int, default=8)
    parser.add_argument("--json", type=Path)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=asked.folder) as folder:
        found = measure(Path(folder), asked.readers, asked.papers, asked.seconds, asked.windows)
    print("callers   events/s   CPU us an event   cores")
    for line in found["batches"]:  # type: ignore[attr-defined]  # a list of dicts, see measure
        print("{callers:7d} {events_a_second:10.0f} {cpu_us_an_event:17.1f} {cores:7.2f}".format(**line))
    for name, one in found["single"].items():  # type: ignore[attr-defined]  # a dict of dicts
        print(f"{name}: " + "p50 {event_p50_ms:.2f} ms, p99 {event_p99_ms:.2f} ms; ".format(**one), end="")
        print("fsync: p50 {fsync_p50_ms:.2f} ms, p99 {fsync_p99_ms:.2f} ms; ".format(**one), end="")
        print("p99 over it {p99_difference_ms:.2f} ms".format(**one))
    if asked.json:
        asked.json.write_text(json.dumps(found, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
