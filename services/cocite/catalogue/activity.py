"""What readers newly did, as trending counts it: light rows of the event log, and the papers they are about."""

from collections.abc import Collection, Sequence
from typing import Any, NamedTuple

import sqlalchemy as sa

from cocite.catalogue.bulk import one_of
from cocite.catalogue.chunks import chunked
from cocite.catalogue.event_queries import OF_EVENT, OF_PAIR, TARGET
from cocite.catalogue.schema import COUNTED, events, identifiers, papers, reader_papers, readers
from cocite.catalogue.store import LOOKUP_BATCH, Catalogue


class Activity(NamedTuple):
    """An event. target is the key of its paper, or of the id that was sent while no paper has it.

    change: 1 when the reader's paper newly became so, -1 when it ceased to, 0 when it was so before. recorded_at is in
    milliseconds since 1970.
    """

    sequence: int
    reader_key: int
    is_session: bool
    kind: int
    change: int
    target: int
    position: int
    recorded_at: int


class TargetPaper(NamedTuple):
    """A paper that something was done with."""

    paper_id: str
    year: int | None
    fields: tuple[str, ...]


_joined = events.join(identifiers, OF_EVENT).join(readers, readers.c.reader_key == events.c.reader_key)
_rows = sa.select(
    events.c.sequence,
    events.c.reader_key,
    readers.c.is_session,
    events.c.kind,
    events.c.change,
    TARGET,
    events.c.position,
    events.c.recorded_at,
).select_from(_joined)


class ActivityLog:
    """Reads the events of a catalogue. Safe to share between threads; every method may raise Unavailable."""

    def __init__(self, catalogue: Catalogue) -> None:
        self._catalogue = catalogue

    def after(self, sequence: int, limit: int) -> list[Activity]:
        """The next events after a sequence, at most limit, in the order of their coming."""
        return self._read(_rows.where(events.c.sequence > sequence).order_by(events.c.sequence).limit(limit))

    def changes(self, reader_keys: Sequence[int], kinds: Collection[int], first: int, last: int) -> list[Activity]:
        """Events of these readers and kinds that changed something, by reader, in the order of their coming.

        first, last: the sequences between which they lie, both included.
        """
        with self._catalogue.reading() as connection:
            chosen = _rows.where(
                one_of(connection, events.c.reader_key, reader_keys),
                events.c.sequence.between(first, last),
                events.c.kind.in_(list(kinds)),
                events.c.change != 0,
            )
            ordered = chosen.order_by(events.c.reader_key, events.c.sequence)
            return [Activity(*row) for row in connection.execute(ordered)]

    def readers(self, first: int, after_key: int, limit: int) -> list[int]:
        """Keys above after_key of readers whose last event has sequence first or a higher one; ascending."""
        active = sa.select(readers.c.reader_key).where(
            readers.c.reader_key > after_key, readers.c.last_sequence >= first
        )
        with self._catalogue.reading() as connection:
            return list(connection.execute(active.order_by(readers.c.reader_key).limit(limit)).scalars())

    def last(self) -> int:
        """Sequence of the last event; 0 where there is none."""
        return self._number(sa.select(sa.func.coalesce(sa.func.max(events.c.sequence), 0)))

    def first_since(self, milliseconds: int) -> int:
        """Sequence of the first event recorded at that time or later; one above the last where there is none."""
        first = sa.select(sa.func.min(events.c.sequence)).where(events.c.recorded_at >= milliseconds)
        return self._number(sa.select(sa.func.coalesce(first.scalar_subquery(), 0))) or self.last() + 1

    def papers(self, targets: Sequence[int]) -> dict[int, TargetPaper]:
        """The papers behind targets; those that no paper has are absent."""
        columns = (papers.c.paper_key, papers.c.paper_id, papers.c.year, papers.c.fields)
        found: dict[int, TargetPaper] = {}
        with self._catalogue.reading() as connection:
            for some in chunked(targets, LOOKUP_BATCH):
                query = sa.select(*columns).where(one_of(connection, papers.c.paper_key, some))
                found |= {row[0]: TargetPaper(*row[1:]) for row in connection.execute(query)}
        return found

    def keepers(self, paper_keys: Sequence[int], since: int) -> dict[int, int]:
        """How many readers saved or upvoted each of the papers at the time since, in milliseconds, or later."""
        number = sa.func.count(reader_papers.c.reader_key.distinct())
        joined = identifiers.join(reader_papers, OF_PAIR)
        with self._catalogue.reading() as connection:
            chosen = sa.select(identifiers.c.paper_key, number).select_from(joined)
            lately = (sa.text(COUNTED), reader_papers.c.last_at >= since)
            chosen = chosen.where(one_of(connection, identifiers.c.paper_key, paper_keys), *lately)
            return {row[0]: row[1] for row in connection.execute(chosen.group_by(identifiers.c.paper_key))}

    def _read(self, query: sa.Select[Any]) -> list[Activity]:
        with self._catalogue.reading() as connection:
            return [Activity(*row) for row in connection.execute(query)]

    def _number(self, query: sa.Select[Any]) -> int:
        with self._catalogue.reading() as connection:
            return int(connection.execute(query).scalar_one())
