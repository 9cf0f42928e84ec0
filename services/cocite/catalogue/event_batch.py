"""Keeps one batch of events inside a transaction: a few bulk statements however many events."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from cocite.catalogue import event_queries, schema
from cocite.catalogue.event_records import NewEvent, ReaderName, Status

EVENTS_A_DAY = 10_000  # of a reader, days of UTC by the time of coming; one every nine seconds, all day
PAPERS_AHEAD = 1_000  # of a reader: ids that no paper has yet
_DAY_MS = 86_400_000

Content = tuple[int, bool, int, str, int]


def record(connection: sa.Connection, events: Sequence[NewEvent], now: int) -> list[Status]:
    """Keep the events in their order; what became of each. The transaction must be a writing one.

    now: milliseconds since 1970. What becomes of events does not depend on how a stream is cut into batches.
    """
    batch = _Batch(connection, now)
    batch.load(events)
    statuses = [batch.take(event) for event in events]
    batch.flush()
    return statuses


@dataclass(slots=True)
class _Reader:
    """The row of a reader. events_on_day counts those of counted_day, a number of days since 1970."""

    reader_key: int
    event_count: int
    first_event_at: int | None
    last_sequence: int
    counted_day: int
    events_on_day: int
    touched: bool = False


@dataclass(slots=True)
class _Held:
    """Whether a kind holds between a reader and a target, under which other identifiers, and what changed it last."""

    active: bool
    strays: set[int] = field(default_factory=set)
    place: int | None = None  # in _Batch._kept


class _Batch:
    """The part of the store that a batch touches, in memory, and what is to be written."""

    def __init__(self, connection: sa.Connection, now: int) -> None:
        self._connection = connection
        self._now = now
        self._readers: dict[ReaderName, _Reader] = {}
        self._target_of: dict[str, int] = {}  # paper id -> target, see event_queries.py
        self._without_paper: set[int] = set()  # targets
        self._new_identifiers: dict[int, str] = {}  # key -> identifier; those not in _used are not written
        self._used: set[int] = set()
        self._known: dict[tuple[int, str], tuple[Content, int]] = {}  # reader and event id -> content, occurred_at
        self._held: dict[tuple[int, int, int], _Held] = {}  # reader, target and kind
        self._ahead: dict[int, set[int]] = {}  # reader -> targets without a paper
        self._kept: list[dict[str, Any]] = []  # rows of events, without sequence

    def load(self, events: Sequence[NewEvent]) -> None:
        """Read what is known of the readers, ids and papers in the events; make the readers that are new."""
        self._load_readers(dict.fromkeys(event.reader for event in events))
        self._load_targets(list(dict.fromkeys(event.paper_id for event in events)))
        keyed = [(self._readers[event.reader].reader_key, event) for event in events]
        pairs = list(dict.fromkeys((reader, event.event_id) for reader, event in keyed))
        for row in self._connection.execute(event_queries.events_with_ids(self._connection, pairs)):
            content = (row.kind, row.undo, row.target, row.attribution_token, row.position)
            self._known[row.reader_key, row.event_id] = (content, row.occurred_at)
        targets = list(dict.fromkeys((reader, self._target_of[event.paper_id]) for reader, event in keyed))
        self._load_held([pair for pair in targets if pair[1] not in self._without_paper], known=True)
        ahead = [pair for pair in targets if pair[1] in self._without_paper]
        self._load_held(ahead, known=False)
        for reader in {reader for reader, _ in ahead}:
            rows = self._connection.execute(event_queries.identifiers_ahead(reader, PAPERS_AHEAD)).scalars()
            self._ahead[reader] = set(rows)

    def take(self, event: NewEvent) -> Status:
        """Judge the next event, and note it to be kept if it is to be."""
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
        self._keep(reader, event, target, occurred_at)
        return Status.RECORDED_AHEAD if target in self._without_paper else Status.RECORDED

    def flush(self) -> None:
        """Write everything."""
        if not self._kept:
            return
        new = [{"identifier_key": key, "identifier": self._new_identifiers[key]} for key in sorted(self._used)]
        if new:
            self._connection.execute(sa.insert(schema.identifiers), new)
        for row, sequence in zip(self._kept, self._sequences(len(self._kept)), strict=True):
            row["sequence"] = sequence
        self._connection.execute(sa.insert(schema.events), self._kept)
        self._write_held()
        self._write_readers()

    def _load_readers(self, names: Iterable[ReaderName]) -> None:
        missing = dict.fromkeys(names)
        for created in (False, True):
            if created and missing:
                new = [{"is_session": n.is_session, "name": n.name, "created_at": self._now} for n in missing]
                self._connection.execute(sa.insert(schema.readers), new)
            pairs = [(name.is_session, name.name) for name in missing]
            rows = self._connection.execute(event_queries.readers_named(self._connection, pairs)) if pairs else ()
            for row in rows:
                name = ReaderName(row.is_session, row.name)
                missing.pop(name)
                self._readers[name] = _Reader(
                    row.reader_key,
                    row.event_count,
                    row.first_event_at,
                    row.last_sequence,
                    row.counted_day,
                    row.events_on_day,
                )

    def _load_targets(self, ids: list[str]) -> None:
        for row in self._connection.execute(event_queries.identifiers_named(self._connection, ids)):
            self._target_of[row.identifier] = row.identifier_key if row.paper_key is None else row.paper_key
            if row.paper_key is None:
                self._without_paper.add(row.identifier_key)
        missing = [name for name in ids if name not in self._target_of]
        if missing:
            key = schema.identifiers.c.identifier_key
            last = self._connection.execute(sa.select(sa.func.coalesce(sa.func.max(key), 0))).scalar_one()
            for new, name in enumerate(missing, last + 1):
                self._target_of[name] = new
                self._new_identifiers[new] = name
                self._without_paper.add(new)

    def _load_held(self, pairs: list[tuple[int, int]], *, known: bool) -> None:
        if not pairs:
            return
        for row in self._connection.execute(event_queries.held(self._connection, pairs, known=known)):
            held = self._held.setdefault((row.reader_key, row.target, row.kind), _Held(False))
            held.active |= row.active
            if row.identifier_key != row.target:
                held.strays.add(row.identifier_key)

    def _floods(self, reader: _Reader, target: int) -> bool:
        today = self._now // _DAY_MS
        if reader.counted_day == today and reader.events_on_day >= EVENTS_A_DAY:
            return True
        if target not in self._without_paper:
            return False
        ahead = self._ahead[reader.reader_key]
        return target not in ahead and len(ahead) >= PAPERS_AHEAD

    def _keep(self, reader: _Reader, event: NewEvent, target: int, occurred_at: int) -> None:
        held = self._held.setdefault((reader.reader_key, target, int(event.kind)), _Held(False))
        change = int(not event.undo) - int(held.active)
        held.active = not event.undo
        held.place = len(self._kept)
        self._count(reader)
        if target in self._without_paper:
            self._ahead[reader.reader_key].add(target)
        if target in self._new_identifiers:
            self._used.add(target)
        self._kept.append(
            {
                "reader_key": reader.reader_key,
                "event_id": event.event_id,
                "kind": int(event.kind),
                "undo": event.undo,
                "identifier_key": target,
                "attribution_token": event.attribution_token,
                "position": event.position,
                "occurred_at": occurred_at,
                "recorded_at": self._now,
                "change": change,
            }
        )

    def _count(self, reader: _Reader) -> None:
        today = self._now // _DAY_MS
        if reader.counted_day != today:
            reader.counted_day, reader.events_on_day = today, 0
        reader.events_on_day += 1
        reader.event_count += 1
        if reader.first_event_at is None:
            reader.first_event_at = self._now
        reader.last_sequence = len(self._kept)  # its place, until there are sequences
        reader.touched = True

    def _sequences(self, count: int) -> Sequence[int]:
        """The next numbers of the log, ascending. They were never given before, not even to events deleted since."""
        if self._connection.dialect.name == "postgresql":
            each = "SELECT nextval(pg_get_serial_sequence('events', 'sequence')) FROM generate_series(1, :count)"
            return self._connection.execute(sa.text(each), {"count": count}).scalars().all()
        highest = sa.text("SELECT seq FROM sqlite_sequence WHERE name = 'events'")
        last = self._connection.execute(highest).scalar() or 0
        return range(last + 1, last + count + 1)

    def _write_held(self) -> None:
        table = schema.reader_papers
        changed = [(*key, held) for key, held in self._held.items() if held.place is not None]
        strays = [
            {"reader": reader, "stray": stray, "of_kind": kind}
            for reader, _, kind, held in changed
            for stray in held.strays
        ]
        if strays:
            own = (table.c.reader_key == sa.bindparam("reader"), table.c.kind == sa.bindparam("of_kind"))
            stray = table.c.identifier_key == sa.bindparam("stray")
            self._connection.execute(sa.delete(table).where(*own, stray), strays)
        rows = [
            {
                "reader_key": reader,
                "identifier_key": target,
                "kind": kind,
                "active": held.active,
                "sequence": self._kept[held.place]["sequence"],
                "last_at": self._now,
            }
            for reader, target, kind, held in changed
            if held.place is not None
        ]
        insert = postgresql.insert if self._connection.dialect.name == "postgresql" else sqlite.insert
        new = insert(table)
        later = {name: new.excluded[name] for name in ("active", "sequence", "last_at")}
        key = [table.c.reader_key, table.c.identifier_key, table.c.kind]
        self._connection.execute(new.on_conflict_do_update(index_elements=key, set_=later), rows)

    def _write_readers(self) -> None:
        table = schema.readers
        rows = [
            {
                "reader": reader.reader_key,
                "count": reader.event_count,
                "first": reader.first_event_at,
                "last": self._kept[reader.last_sequence]["sequence"],
                "day": reader.counted_day,
                "on_day": reader.events_on_day,
            }
            for reader in self._readers.values()
            if reader.touched
        ]
        change = sa.update(table).where(table.c.reader_key == sa.bindparam("reader"))
        values: dict[str, Any] = {
            "event_count": sa.bindparam("count"),
            "first_event_at": sa.bindparam("first"),
            "last_sequence": sa.bindparam("last"),
            "counted_day": sa.bindparam("day"),
            "events_on_day": sa.bindparam("on_day"),
        }
        self._connection.execute(change.values(values), rows)
