"""Counts events into Redis as they come, takes readers out who are deleted, and makes lost sums anew."""

import secrets
import time
from collections import OrderedDict
from collections.abc import Iterable

import structlog

from cocite.catalogue.activity import Activity, ActivityLog
from cocite.core.clock import DAY_MS, Clock, now_ms
from cocite.core.errors import CociteError
from cocite.feeds.trending.formula import HORIZON_MS, RULES, Rules
from cocite.feeds.trending.redis_sums import Generation, Outcome, RedisSums
from cocite.feeds.trending.sums import Sums, additions_by_reader
from cocite.feeds.trending.tally import ACTS, COUNTED, Tally, additions

log = structlog.get_logger("cocite.feeds.trending")

BATCH = 300  # events counted in one step
_TALLIES = 10_000  # readers whose acts are at hand
_TRIES = 20  # of taking a reader out while others count
_REBUILDS = 5  # before readers who go while it lasts make it wait


class Counter:
    """Counts for one process; several may, and each event counts once. For one thread, save forget().

    serving is what the last look found in Redis.
    """

    def __init__(self, events: ActivityLog, sums: RedisSums, rules: Rules = RULES, clock: Clock = now_ms) -> None:
        self._events = events
        self._sums = sums
        self._rules = rules
        self._clock = clock
        self._tallies: OrderedDict[int, Tally] = OrderedDict()
        self._tallied: Generation | None = None  # the state that they belong to
        self._owed: set[int] = set()  # readers whom Redis could not be told to forget
        self.serving: Generation | None = None

    def count(self) -> bool:
        """Count the next events; whether more may be waiting. Raises Unavailable, from Redis or the catalogue."""
        generation = self._sums.generation()
        if generation is None or self._owed or self._clock() - generation.landmark_ms > DAY_MS:
            self._rebuild()
            generation = self._sums.generation()
        self.serving = generation
        if generation is None:
            return False
        events = self._events.after(generation.cursor, BATCH)
        if not events:
            return False
        try:
            outcome, after = self._add(generation, events)
        except BaseException:
            self._tallies.clear()
            raise
        if outcome is Outcome.DONE:
            self._tallied = self.serving = after
        else:
            self._tallies.clear()
        return True

    def forget(self, reader_key: int) -> None:
        """Take a reader out of all sums. To be called before the reader is deleted; never raises for a store's sake."""
        try:
            if not self._taken_out(reader_key):
                self._owed.add(reader_key)
        except CociteError as error:
            log.warning("what a deleted reader counted is taken out later", detail=error.message)
            self._owed.add(reader_key)

    def _taken_out(self, reader_key: int) -> bool:
        for _ in range(_TRIES):
            generation = self._sums.generation()
            if generation is None:  # nothing to take out, but perhaps something in the making
                self._sums.forget(reader_key)
                return True
            own = self._events.changes([reader_key], COUNTED, generation.first, generation.cursor)
            taken = Sums(generation.landmark_ms)
            taken.add(additions(own, generation.landmark_ms, self._rules), sign=-1)
            papers = self._events.papers(list(taken.of))
            outcome, after = self._sums.add(generation, taken, papers, generation.cursor, goes=reader_key)
            if outcome is Outcome.DONE:
                self.serving = after
                return True
        return False

    def _add(self, generation: Generation, events: list[Activity]) -> tuple[Outcome, Generation]:
        readers = {event.reader_key for event in events if event.kind in COUNTED and event.change}
        readers -= self._sums.gone(readers)
        self._load(generation, readers)
        added = Sums(generation.landmark_ms)
        for event in events:
            if event.reader_key in readers:
                one = self._tallies[event.reader_key].take(event, generation.landmark_ms)
                added.add([one] if one else ())
        papers = self._events.papers(list(added.of))
        outcome = self._sums.add(generation, added, papers, events[-1].sequence)
        while len(self._tallies) > _TALLIES:
            self._tallies.popitem(last=False)
        return outcome

    def _load(self, generation: Generation, readers: Iterable[int]) -> None:
        """Have at hand what each of the readers did up to the cursor."""
        if generation != self._tallied:
            self._tallies.clear()
            self._tallied = generation
        missing = []
        for key in readers:
            if key in self._tallies:
                self._tallies.move_to_end(key)
            else:
                missing.append(key)
                self._tallies[key] = Tally(self._rules)
        for event in self._events.changes(missing, ACTS, generation.first, generation.cursor):
            self._tallies[event.reader_key].take(event, generation.landmark_ms)

    def _rebuild(self) -> None:
        """Make sums of all events that are not too long ago, and let them serve; nothing while another does."""
        token = secrets.token_hex(8).encode()
        if not self._sums.lock(token):
            return
        try:
            owed = set(self._owed)
            for reader_key in owed:
                self._sums.forget(reader_key)
            started = time.monotonic()
            if any(self._made_anew() for _ in range(_REBUILDS)):
                self._owed -= owed
                log.info("trending made anew", seconds=round(time.monotonic() - started, 1))
        finally:
            self._sums.unlock(token)

    def _made_anew(self) -> bool:
        gone, now = self._sums.all_gone(), self._clock()
        first, last = self._events.first_since(now - HORIZON_MS), self._events.last()
        sums = Sums(now)
        for reader_key, added in additions_by_reader(self._events, first, last, now, self._rules):
            if reader_key not in gone:
                sums.add(added)
        return self._sums.publish(sums, self._events.papers, first, last, len(gone)) is not None
