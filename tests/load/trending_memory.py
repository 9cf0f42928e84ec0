"""What trending costs: Redis' memory a paper and a reader, events counted a second, and making all sums anew.

Usage: python tests/load/trending_memory.py [--readers R] [--papers P] [--events E] [--seed S]

Fills a SQLite catalogue of its own with events of readers and papers drawn at random, papers by popularity, six views
to four acts; counts them into an embedded Valkey as they come, then makes the sums anew, and asks for the list.
"""

import argparse
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from cocite.cache.embedded import EmbeddedValkey
from cocite.catalogue.event_records import EventKind
from cocite.feeds.trending.formula import Window
from support.trending import Community, Replica, reader

BATCH = 5000
KINDS = (*[EventKind.VIEW] * 6, EventKind.CLICK, EventKind.CLICK, EventKind.SAVE, EventKind.UPVOTE)


def main() -> None:
    """Print what was measured."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name, number in (("readers", 20_000), ("papers", 20_000), ("events", 200_000), ("seed", 6)):
        parser.add_argument(f"--{name}", type=int, default=number)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, serving() as valkey:
        community = Community(Path(folder), asked.papers)
        replica = Replica(community, valkey.url)
        replica.count_all()
        empty = memory(replica)
        record(community, asked)
        with timed(f"{asked.events} events counted as they come"):
            replica.count_all()
        papers = len(replica.numbers())
        print(f"{papers} papers of {asked.readers} readers: {(memory(replica) - empty) / papers:.0f} bytes a paper")
        replica.store.commands([("FLUSHALL",)])
        with timed(f"{asked.events} events counted anew"):
            replica.count_all()
        print(f"after that: {(memory(replica) - empty) / papers:.0f} bytes a paper")
        replica.ids()
        replica.lists.clear()
        with timed("a list of the week"):
            replica.lists.get(Window.WEEK, "", 10.0)
        replica.close()
        community.close()


def record(community: Community, asked: argparse.Namespace) -> None:
    """Draw the events, and keep them."""
    rng = np.random.default_rng(asked.seed)
    for start in range(0, asked.events, BATCH):
        count = min(BATCH, asked.events - start)
        readers = rng.integers(asked.readers, size=count).tolist()
        papers = (1 + rng.zipf(1.2, count) % asked.papers).tolist()
        kinds = rng.integers(len(KINDS), size=count).tolist()
        drawn = zip(readers, kinds, papers, strict=True)
        community.record([community.event(reader(who), KINDS[kind], n, position=1 + n % 20) for who, kind, n in drawn])


def memory(replica: Replica) -> int:
    """Bytes that Redis has taken for data."""
    (told,) = replica.store.commands([("INFO", "memory")])
    return int(told["used_memory_dataset"])


@contextmanager
def serving() -> Iterator[EmbeddedValkey]:
    """A Valkey with room enough."""
    valkey = EmbeddedValkey("2gb")
    try:
        end = time.monotonic() + 10.0
        while not valkey.socket.exists() and time.monotonic() < end:
            time.sleep(0.01)
        yield valkey
    finally:
        valkey.close()


@contextmanager
def timed(what: str) -> Iterator[None]:
    """Print how long it took."""
    started = time.perf_counter()
    yield
    print(f"{what}: {time.perf_counter() - started:.3f} s", flush=True)


if __name__ == "__main__":
    main()
