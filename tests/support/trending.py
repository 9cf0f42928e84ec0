"""What stands around trending in tests: a catalogue whose clock a test sets, and replicas that count its events."""

import itertools
from collections.abc import Sequence
from pathlib import Path

from cocite.cache.connecting import connect
from cocite.cache.keys import Keys
from cocite.cache.redis_store import RedisStore
from cocite.catalogue import event_batch
from cocite.catalogue.activity import ActivityLog
from cocite.catalogue.events import EventKind, EventLog, NewEvent, ReaderName, Status
from cocite.catalogue.readers import Readers
from cocite.catalogue.records import Fields, PaperRecord
from cocite.catalogue.store import Catalogue
from cocite.core.clock import DAY_MS
from cocite.feeds.trending.counter import Counter
from cocite.feeds.trending.formula import RULES, Rules, Window
from cocite.feeds.trending.lists import Lists
from cocite.feeds.trending.redis_sums import RedisSums
from cocite.feeds.trending.tally import Numbers
from support.feature_stores import PATIENT_S

NOON_MS = 1_790_000 * 1_000_000 // DAY_MS * DAY_MS + DAY_MS // 2  # of some day
FIELDS = ("Physics", "Biology")


def paper(number: int) -> str:
    return f"s2:{number}"


def reader(name: object, session: bool = False) -> ReaderName:
    return ReaderName(session, str(name))


def _described(number: int) -> Fields:
    return Fields(f"Paper {number}", year=2020, fields=(FIELDS[number % 2],))


class Community:
    """A catalogue of papers s2:1, s2:2, ...; each of one of FIELDS in turn, and what readers do with them."""

    def __init__(self, folder: Path, papers: int, url: str = "") -> None:
        self.catalogue = Catalogue.open(url or f"sqlite:///{folder / 'catalogue.db'}")
        if not self.catalogue.count_papers():
            numbers = range(1, papers + 1)
            self.catalogue.write([PaperRecord((paper(n),), _described(n)) for n in numbers])
        self.log = EventLog(self.catalogue)
        self.events = ActivityLog(self.catalogue)
        self.now = NOON_MS
        self._ids = itertools.count()

    def close(self) -> None:
        self.log.close()
        self.catalogue.close()

    def event(self, who: ReaderName, kind: EventKind, number: int, undo: bool = False, position: int = 0) -> NewEvent:
        return NewEvent(f"e{next(self._ids)}", who, kind, paper(number), undo, "", position)

    def record(self, events: Sequence[NewEvent]) -> list[Status]:
        with self.catalogue.writing() as connection:
            return event_batch.record(connection, events, self.now)

    def act(self, who: ReaderName, kind: EventKind, number: int, undo: bool = False, position: int = 0) -> None:
        self.record([self.event(who, kind, number, undo, position)])

    def days_pass(self, days: float) -> None:
        self.now += round(days * DAY_MS)

    def key_of(self, who: ReaderName) -> int | None:
        found = Readers(self.catalogue).find(who)
        return found.reader_key if found else None

    def targets(self) -> dict[int, str]:
        return {key: found.paper_id for key, found in self.catalogue.iter_papers()}


class Replica:
    """A process that counts the events of a community into one Valkey."""

    def __init__(self, community: Community, url: str, events: ActivityLog | None = None, rules: Rules = RULES) -> None:
        self.store = RedisStore(connect(url, PATIENT_S, 4))
        self.events = events or community.events
        self.sums = RedisSums(self.store, Keys("test"))
        self.counter = Counter(self.events, self.sums, rules, lambda: community.now)
        self.lists = Lists(
            self.events, community.log, self.sums, lambda: self.counter.serving, rules, lambda: community.now / 1000
        )

    def count_all(self) -> None:
        while self.counter.count():
            pass

    def ids(self, window: Window = Window.WEEK, field: str = "") -> list[str]:
        return [listed.paper_id for listed in self.lists.get(window, field, PATIENT_S).papers]

    def numbers(self) -> dict[int, Numbers]:
        """The sums as they lie in Redis."""
        generation = self.sums.generation()
        assert generation is not None
        (flat,) = self.store.commands([("HGETALL", f"test:{{trending}}:1:{generation.name}:papers")])
        from cocite.feeds.trending.redis_sums import _VECTOR

        return {int(key): _VECTOR.unpack(value) for key, value in flat.items() if key != b"*"}

    def close(self) -> None:
        self.store.close()
