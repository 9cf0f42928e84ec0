"""Keeps one batch of events inside a transaction: a few statements however many events."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa

from cocite.catalogue import event_statements as statements
from cocite.catalogue.event_records import NewEvent, ReaderName, Status
from cocite.catalogue.schema import identifiers
from cocite.core.clock import DAY_MS

EVENTS_A_DAY = 10_000  # of a reader, days of UTC by the time of coming; one every nine seconds, all day
PAPERS_AHEAD = 1_000  # of a reader: ids that no paper has yet

Content = tuple[int, bool, int, str, int]  # kind, undo, target, attribution token, position


def record(connection: sa.Connection, events: Sequence[NewEvent], now: int) -> list[Status]:
    """Keep the events in their order; what became of each. The transaction must be a writing one.

    now: milliseconds since 1970. What becomes of events does not depend on how a stream is cut into batches.
    """
    batch = _Batch(connection, now)
    batch.load(events)
    outcomes = [batch.take(event) for event in events]
    batch.flush()
    return outcomes


@dataclass(slots=True)
class _Reader:
    """The row of a reader.

    events_on_day counts those of counted_day, a number of days since 1970, active_days the days with events.
    """

    reader_key: int
    event_count: int
    first_event_at: int | None
    last_sequence: int
    counted_day: int
    events_on_day: int
    active_days: int
    last_place: int = -1  # of the last event in _Batch._kept

    def count(self, now: int, place: int) -> None:
        """One event more."""
        day = now // DAY_MS
        self.events_on_day = self.events_on_day + 1 if self.counted_day == day else 1
        self.active_days += day > self.counted_day
        self.counted_day = day
        self.event_count += 1
        self.first_event_at = now if self.first_event_at is None else self.first_event_at
        self.last_place = place

    def days(self) -> tuple[int, int, int]:
        """What was counted by days, as in COUNTED_COLUMNS."""
        return self.counted_day, self.events_on_day, self.active_days


@dataclass(slots=True)
class _Held:
    """Whether a kind holds between a reader and a target, and under which other identifiers that is written."""

    active: bool = False
    strays: set[int] = field(default_factory=set)
    last_place: int = -1


class _Batch:
    """The part of the store that a batch touches, in memory, and what is to be written."""

    def __init__(self, connection: sa.Connection, now: int) -> None:
        self._connection = connection
        self._dialect = connection.dialect.name
        self._now = now
        self._readers: dict[ReaderName, _Reader] = {}
        self._target_of: dict[str, int] = {}  # paper id -> target, see event_queries.py
        self._without_paper: set[int] = set()  # targets
        self._keys_of: dict[int, set[int]] = {}  # target -> keys of all its identifiers
        self._new_identifiers: dict[int, str] = {}  # written if in _named
        self._named: set[int] = set()  # targets of events that are kept
        self._known: dict[tuple[int, str], tuple[Content, int]] = {}  # reader, event id -> content, occurred_at
        self._held: dict[tuple[int, int, int], _Held] = {}  # reader, target, kind
        self._ahead: dict[int, set[int]] = {}  # reader -> targets without a paper
        self._kept: list[tuple[Any, ...]] = []  # rows of events, without sequence

    def load(self, events: Sequence[NewEvent]) -> None:
        """Read what is known of the readers, ids and papers in the events; make the readers that are new."""
        self._load_readers(events)
        self._load_targets(list(dict.fromkeys(event.paper_id for event in events)))
        keyed = [(self._readers[event.reader].reader_key, event) for event in events]
        pairs = list({(reader, event.event_id): None for reader, event in keyed})
        for reader, event_id, kind, undo, target, token, position, occurred_at in self._run(
            statements.find_events(self._dialect), pairs
        ):
            self._known[reader, event_id] = ((kind, undo, target, token, position), occurred_at)
        targets = list({(reader, self._target_of[event.paper_id]): None for reader, event in keyed})
        self._load_held(targets)
        for reader in {reader for reader, target in targets if target in self._without_paper}:
            found = self._connection.execute(statements.find_ahead(PAPERS_AHEAD), {"reader": reader})
            self._ahead[reader] = set(found.scalars())

    def take(self, event: NewEvent) -> Status:
        """Judge the next event, and note it if it is to be kept."""
        reader = self._readers[event.reader]
        target = self._target_of[event.paper_id]
        content = (int(event.kind), event.undo, target, event.attribution_token, event.position)
        if known := self._known.get((reader.reader_key, event.event_id)):
            same = known[0] == content and event.occurred_at in (None, known[1])
            return Status.DUPLICATE if same else Status.CONFLICT
        if self._floods(reader, target):
            return Status.FLOODED
        occurred_at = self._now if event.occurred_at is None else event.occurred_at
        self._known[reader.reader_key, event.event_id] = (content, occurred_at)
        self._keep(reader, event.event_id, content, occurred_at)
        return Status.RECORDED_AHEAD if target in self._without_paper else Status.RECORDED

    def flush(self) -> None:
        """Write everything."""
        if not self._kept:
            return
        new = [(key, name) for key, name in self._new_identifiers.items() if key in self._named]
        self._run(statements.add_identifiers(self._dialect), new)
        sequences = self._sequences(len(self._kept))
        rows = [(number, *row) for number, row in zip(sequences, self._kept, strict=True)]
        self._run(statements.add_events(self._dialect), rows)
        self._write_held(sequences)
        kept = [reader for reader in self._readers.values() if reader.last_place >= 0]
        counted = [(*(r.reader_key, r.event_count, r.first_event_at, sequences[r.last_place]), *r.days()) for r in kept]
        self._run(statements.count_events(self._dialect), counted)

    def _run(self, statement: sa.Executable, rows: Sequence[Sequence[Any]]) -> Iterable[Any]:
        """Run a statement of event_statements; what it gives, if anything."""
        if not rows:
            return ()
        result = self._connection.execute(statement, {"rows": json.dumps(rows)})
        return result.all() if result.returns_rows else ()

    def _load_readers(self, events: Sequence[NewEvent]) -> None:
        missing = {(event.reader.is_session, event.reader.name): event.reader for event in events}

        def take(rows: Iterable[Any]) -> None:
            for is_session, name, *counted in rows:
                self._readers[missing.pop((is_session, name))] = _Reader(*counted)

        take(self._run(statements.find_readers(self._dialect), list(missing)))
        new = [(*name, self._now) for name in missing]
        take(self._run(statements.add_readers(self._dialect), new))

    def _load_targets(self, ids: list[str]) -> None:
        for name, key, paper, other in self._run(statements.find_identifiers(self._dialect), [(name,) for name in ids]):
            target = self._target_of[name] = key if paper is None else paper
            self._keys_of.setdefault(target, set()).add(key if other is None else other)
            if paper is None:
                self._without_paper.add(key)
        missing = [name for name in ids if name not in self._target_of]
        if missing:
            highest = sa.select(sa.func.coalesce(sa.func.max(identifiers.c.identifier_key), 0))
            first = self._connection.execute(highest).scalar_one() + 1
            self._new_identifiers = dict(enumerate(missing, first))
            self._target_of |= {name: key for key, name in self._new_identifiers.items()}
            self._without_paper |= self._new_identifiers.keys()

    def _load_held(self, targets: list[tuple[int, int]]) -> None:
        """Read what holds between pairs of a reader and a target, under whichever of a paper's ids it was written."""
        target_of = {(reader, key): target for reader, target in targets for key in self._keys_of.get(target, ())}
        for reader, key, kind, active in self._run(statements.find_held(self._dialect), list(target_of)):
            target = target_of[reader, key]
            held = self._held.setdefault((reader, target, kind), _Held())
            held.active |= active
            if key != target:
                held.strays.add(key)

    def _floods(self, reader: _Reader, target: int) -> bool:
        if reader.events_on_day >= EVENTS_A_DAY and reader.counted_day == self._now // DAY_MS:
            return True
        if target not in self._without_paper:
            return False
        ahead = self._ahead[reader.reader_key]
        return target not in ahead and len(ahead) >= PAPERS_AHEAD

    def _keep(self, reader: _Reader, event_id: str, content: Content, occurred_at: int) -> None:
        kind, undo, target, token, position = content
        place = len(self._kept)
        held = self._held.setdefault((reader.reader_key, target, kind), _Held())
        change = int(not undo) - int(held.active)
        held.active, held.last_place = not undo, place
        reader.count(self._now, place)
        self._named.add(target)
        if target in self._without_paper:
            self._ahead[reader.reader_key].add(target)
        times = (occurred_at, self._now)
        self._kept.append((reader.reader_key, event_id, kind, undo, target, token, position, *times, change))

    def _sequences(self, count: int) -> Sequence[int]:
        """The next numbers of the log, ascending. They were never given before, not even to events deleted since."""
        if self._dialect == "postgresql":
            each = "SELECT nextval(pg_get_serial_sequence('events', 'sequence')) FROM generate_series(1, :count)"
            return self._connection.execute(sa.text(each), {"count": count}).scalars().all()
        highest = sa.text("SELECT seq FROM sqlite_sequence WHERE name = 'events'")
        last = self._connection.execute(highest).scalar() or 0
        return range(last + 1, last + count + 1)

    def _write_held(self, sequences: Sequence[int]) -> None:
        changed = [(*key, held) for key, held in self._held.items() if held.last_place >= 0]
        strays = [(reader, stray, kind) for reader, _, kind, held in changed for stray in held.strays]
        self._run(statements.drop_held(self._dialect), strays)
        rows = [
            (reader, target, kind, held.active, sequences[held.last_place], self._now)
            for reader, target, kind, held in changed
        ]
        self._run(statements.put_held(self._dialect), rows)
