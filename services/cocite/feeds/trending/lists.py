"""The ranked lists: made of the sums in Redis, kept for a while, and made of the last events while Redis is away."""

import hashlib
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from cocite.catalogue.activity import ActivityLog, TargetPaper
from cocite.catalogue.events import Counts, EventLog
from cocite.core.errors import DeadlineExceeded, Unavailable
from cocite.feeds.trending.formula import RULES, Rules, Window, growth
from cocite.feeds.trending.redis_sums import Generation, RedisSums
from cocite.feeds.trending.sums import Candidates, Sums, acted_on, counted_sums
from cocite.v1 import degradation_pb2
from cocite.v1.degradation_pb2 import Degradation

SHOWN = 300  # papers of a list
MOST_FIELDS = 50
FRESH_S = 1.0  # a list holds at least so long, and ten times as long as it took to make
_REST = 10
OLDEST_S = 60.0  # a list is made anew though nobody did anything: time passes
OLDER_S = 600.0  # while Redis is away a kept list is shown up to this age
LAST_EVENTS = 20_000  # are counted when there is none
FALLBACK_S = 30.0
_KEPT = 512  # lists
_DIGITS = 9  # of a score: sums of the same numbers in another order differ further down

AWAY = Degradation(
    cause=degradation_pb2.DEGRADED_CAUSE_CACHE_UNAVAILABLE,
    detail="a store does not answer or is being filled; this is an older list, or one of the last events alone",
)


@dataclass(frozen=True, slots=True)
class Listed:
    """A paper of a list."""

    paper_key: int
    paper_id: str
    score: float
    upvotes: int
    saves: int


@dataclass(frozen=True, slots=True)
class TrendingList:
    """A ranked list. list_id tells it from others, made_at and until are seconds on the lists' clock."""

    list_id: bytes
    papers: tuple[Listed, ...]
    fields: tuple[str, ...]
    degraded: tuple[Degradation, ...]
    serving: Generation | None
    made_at: float
    until: float


class Lists:
    """Thread-safe. clock returns seconds since 1970."""

    def __init__(
        self,
        events: ActivityLog,
        log: EventLog,
        sums: RedisSums,
        serving: Callable[[], Generation | None],
        rules: Rules = RULES,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._events = events
        self._log = log
        self._sums = sums
        self._serving = serving
        self._rules = rules
        self._clock = clock
        self._lock = threading.Lock()
        self._making = threading.Lock()
        self._kept: OrderedDict[tuple[Window, str], TrendingList] = OrderedDict()
        self._fallback: tuple[float, Sums, Mapping[int, TargetPaper]] | None = None  # until when

    def get(self, window: Window, field: str, wait_s: float) -> TrendingList:
        """The list of a window, and of a field of study in folded case unless "".

        Raises Unavailable when neither Redis nor the catalogue answers and none is kept, DeadlineExceeded when others
        are making lists for wait_s seconds.
        """
        key = (window, field)
        kept = self._kept.get(key)
        if kept is not None and self._holds(kept):
            return kept
        if not self._making.acquire(timeout=0.0 if kept else wait_s):
            if kept is None:
                raise DeadlineExceeded("the list was not made in time")
            return kept  # another thread is making lists: this one is a little older
        try:
            kept = self._kept.get(key)  # made while this thread waited
            return kept if kept is not None and self._holds(kept) else self._make(window, field, kept)
        finally:
            self._making.release()

    def clear(self) -> None:
        """Keep none of those there are."""
        with self._lock:
            self._kept.clear()
            self._fallback = None

    def _holds(self, kept: TrendingList) -> bool:
        now = self._clock()
        if now < kept.until:
            return True
        return not kept.degraded and kept.serving == self._serving() and now < kept.made_at + OLDEST_S

    def _make(self, window: Window, field: str, kept: TrendingList | None) -> TrendingList:
        now = self._clock()
        try:
            serving = self._sums.generation()
            if serving is None:
                raise Unavailable("Redis has no sums yet")
            candidates = self._sums.candidates(serving, window, field)
            fields = self._sums.fields(serving, window, MOST_FIELDS)
            return self._keep(window, field, self._list(candidates, fields, window, now, serving))
        except Unavailable:
            if kept is not None and now < kept.made_at + OLDER_S:
                return self._keep(window, field, replace(kept, degraded=(AWAY,), until=now + FRESH_S))
        sums, papers = self._last_events(now)
        candidates = sums.candidates(window, papers, field)
        return self._keep(window, field, self._list(candidates, fields_of(papers, sums), window, now, None))

    def _list(
        self, candidates: Candidates, fields: tuple[str, ...], window: Window, now: float, serving: Generation | None
    ) -> TrendingList:
        started = time.monotonic()
        ranked = self._ranked(candidates, window, now)
        names = "\n".join(listed.paper_id for listed in ranked)
        return TrendingList(
            hashlib.blake2b(names.encode(), digest_size=8).digest(),
            ranked,
            fields,
            () if serving else (AWAY,),
            serving,
            now,
            now + max(FRESH_S, _REST * (time.monotonic() - started)),
        )

    def _ranked(self, found: Candidates, window: Window, now: float) -> tuple[Listed, ...]:
        passed = 1.0 / growth(round(now * 1000), found.landmark_ms)[window]  # what is left of a point of the landmark
        scores = self._rules.scores(found.numbers * passed, found.everything * passed)
        rounded = [float(f"{score:.{_DIGITS}g}") for score in scores.tolist()]
        best = sorted(zip(rounded, found.targets, strict=True), key=lambda pair: (-pair[0], pair[1]))[:SHOWN]
        targets = [target for _, target in best]
        known, counts = self._events.papers(targets), self._log.counts(targets)
        listed: list[tuple[tuple[float, int, int, str], Listed]] = []
        for score, target in best:
            if paper := known.get(target):
                count = counts.get(target, Counts())
                order = (-score, -count.upvotes, -(paper.year or 0), paper.paper_id)
                listed.append((order, Listed(target, paper.paper_id, score, count.upvotes, count.saves)))
        return tuple(each for _, each in sorted(listed, key=lambda pair: pair[0]))

    def _last_events(self, now: float) -> tuple[Sums, Mapping[int, TargetPaper]]:
        kept = self._fallback
        if kept is None or now >= kept[0]:
            last = self._events.last()
            sums = counted_sums(self._events, max(1, last - LAST_EVENTS + 1), last, round(now * 1000), self._rules)
            papers = self._events.papers([target for target, numbers in sums.of.items() if acted_on(numbers)])
            self._fallback = kept = (now + FALLBACK_S, sums, papers)
        return kept[1:]

    def _keep(self, window: Window, field: str, made: TrendingList) -> TrendingList:
        with self._lock:
            if made.papers or not field:  # not of whatever field somebody names
                self._kept[window, field] = made
                self._kept.move_to_end((window, field))
            while len(self._kept) > _KEPT:
                self._kept.popitem(last=False)
        return made


def fields_of(papers: Mapping[int, TargetPaper], sums: Sums) -> tuple[str, ...]:
    """Fields of study of papers that readers acted on, most of them first."""
    counts: dict[str, int] = {}
    for target, paper in papers.items():
        for name in paper.fields if acted_on(sums.of[target]) else ():
            counts[name] = counts.get(name, 0) + 1
    return tuple(sorted(counts, key=lambda name: (-counts[name], name))[:MOST_FIELDS])
