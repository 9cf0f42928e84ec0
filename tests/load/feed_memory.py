"""What a reader takes of Redis: bytes of each key of readers who act, read a page and leave.

Usage: python tests/load/feed_memory.py HOME [--readers R] [--saves S] [--json FILE]

HOME as for feeds.py, whose servers these are. Each of R readers saves S papers drawn at random and asks for a first
page; half as many newcomers ask for one too. Then MEMORY USAGE of every key is added up by kind, and divided by the
readers.
"""

import argparse
import json
import random
from collections import Counter
from pathlib import Path

import grpc
import redis
from feeds import Stage, event, stage

from cocite.v1 import feed_service_pb2 as pb
from cocite.v1.feed_service_pb2_grpc import FeedServiceStub

LIST, HEAD, TAG = "lists", "which list", "tag"
WAIT_S = 30


def kind_of(key: str) -> str:
    """What a key holds; "" for what is not of one reader. See cocite.cache.keys."""
    _, kind, *rest = key.split(":")
    if kind == "reader":
        return TAG
    if kind == "feed":
        return LIST if len(rest) > 1 else HEAD
    return ""


def held(url: str) -> tuple[Counter[str], Counter[str]]:
    """Bytes and keys of each kind."""
    size: Counter[str] = Counter()
    count: Counter[str] = Counter()
    with redis.Redis.from_url(url) as raw:
        for key in raw.scan_iter(count=1000):
            if kind := kind_of(key.decode()):
                size[kind] += raw.memory_usage(key, samples=0) or 0
                count[kind] += 1
                assert raw.ttl(key) > 0, key
    return size, count


def read(on: Stage, names: list[str], saves: int) -> None:
    """Let each save papers, and be shown a page."""
    drawn = random.Random(6)
    with grpc.insecure_channel(f"127.0.0.1:{on.feeds.port}") as channel:
        stub = FeedServiceStub(channel)
        for name in names:
            if saves:
                papers = drawn.sample(on.papers, saves)
                events = [event(name, number, pb.EVENT_KIND_SAVE, paper) for number, paper in enumerate(papers)]
                stub.RecordEvents(pb.RecordEventsRequest(events=events), timeout=WAIT_S)
            stub.ListFeed(pb.ListFeedRequest(reader=pb.ReaderRef(reader_id=name)), timeout=WAIT_S)


def measure(home: Path, readers: int, saves: int) -> dict[str, dict[str, float]]:
    """Bytes a reader, by kind of reader and kind of key."""
    found = {}
    with stage(home) as on:
        for who, count, each in (("reader", readers, saves), ("newcomer", readers // 2, 0)):
            before, keys_before = held(on.redis_url)
            read(on, [f"{who} {number}" for number in range(count)], each)
            after, keys = held(on.redis_url)
            assert (keys - keys_before)[TAG] == count, "nothing was evicted"
            found[who] = {kind: bytes_more / count for kind, bytes_more in (after - before).items()}
    return found


def main() -> None:
    """See the module."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("home", type=Path)
    parser.add_argument("--readers", type=int, default=1000)
    parser.add_argument("--saves", type=int, default=20)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    found = measure(options.home, options.readers, options.saves)
    for who, kinds in found.items():
        parts = ", ".join(f"{kind} {size:,.0f}" for kind, size in kinds.items())
        print(f"{who:<10} {sum(kinds.values()):8,.0f} bytes: {parts}")
    if options.json:
        options.json.write_text(json.dumps(found, indent=1) + "\n")


if __name__ == "__main__":
    main()
