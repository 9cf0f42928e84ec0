"""The papers of the last days, as feeds need them; looked up anew after a few seconds."""

import threading
import time
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, timedelta

from cocite.catalogue.events import EventLog
from cocite.catalogue.recent import RecentPaper, recent_papers
from cocite.catalogue.store import Catalogue
from cocite.feeds.upvotes import NO_UPVOTES, upvotes_of
from cocite.v1 import feed_service_pb2 as pb
from cocite.v1.paper_pb2 import Paper

DAYS = 14  # that a paper is called new for
MOST = 5000  # papers, the last ones
KEPT_S = 10.0
SHOWN = 20  # to readers of whom nothing is known


def _today() -> date:
    return datetime.now(UTC).date()


class Arrivals:
    """What came within DAYS days. Thread-safe. today gives the day by UTC."""

    def __init__(self, catalogue: Catalogue, log: EventLog, today: Callable[[], date] = _today) -> None:
        self._catalogue = catalogue
        self._log = log
        self._today = today
        self._lock = threading.Lock()
        self._until = 0.0
        self._days: Mapping[str, date] = {}
        self._best: tuple[RecentPaper, ...] = ()

    @property
    def since(self) -> date:
        """The first day that counts."""
        return self._today() - timedelta(DAYS)

    def days(self) -> Mapping[str, date]:
        """The day of each new paper, by id. Raises Unavailable."""
        self._refresh()
        return self._days

    def items(self) -> list[pb.FeedItem]:
        """The new papers whose upvotes weigh most, then the newest; SHOWN of them. Raises Unavailable."""
        self._refresh()
        return [
            pb.FeedItem(
                paper=Paper(paper_id=paper.paper_id),
                reasons=[pb.FeedReason(new_arrival=pb.NewArrival(date=paper.day.isoformat()))],
            )
            for paper in self._best
        ]

    def _refresh(self) -> None:
        with self._lock:  # one looks, the others wait for what it finds
            if time.monotonic() < self._until:
                return
            recent = recent_papers(self._catalogue, self.since, MOST)
            upvotes = upvotes_of(self._log, [paper.paper_key for paper in recent])
            ranked = sorted(recent, key=lambda paper: -upvotes.get(paper.paper_key, NO_UPVOTES).weight)
            self._days = {paper.paper_id: paper.day for paper in recent}
            self._best = tuple(ranked[:SHOWN])
            self._until = time.monotonic() + KEPT_S
