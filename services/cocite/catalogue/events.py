"""The log of what readers did, and what holds now between them and papers.

Where it stands on disk, and what happens to a batch of events, is told in docs/decisions/0029-the-event-log.md.
"""

from collections.abc import Collection, Sequence
from contextlib import suppress
from types import TracebackType
from typing import Self

import sqlalchemy as sa

from cocite.catalogue import event_batch, event_queries
from cocite.catalogue.event_records import (
    TRAINED_KINDS,
    Counts,
    EventKind,
    NewEvent,
    ReaderName,
    ReaderPaper,
    Status,
    StoredEvent,
    Voters,
)
from cocite.catalogue.group_commit import GroupCommit
from cocite.catalogue.schema import readers
from cocite.catalogue.store import Catalogue
from cocite.core.clock import now_ms
from cocite.core.errors import InvalidArgument, Unavailable

__all__ = [
    "TRAINED_KINDS",
    "Counts",
    "EventKind",
    "EventLog",
    "NewEvent",
    "ReaderName",
    "ReaderPaper",
    "Status",
    "StoredEvent",
    "Voters",
]

APPEND_WAIT_S = 10.0
_MOST_QUEUED = 20_000  # events; some MB
_MOST_TOGETHER = 2_000  # events in a transaction of several calls


class EventLog:
    """The events of a catalogue, safe to share between threads. Every method may raise Unavailable.

    One that appends is to be closed, before its catalogue.
    """

    def __init__(self, catalogue: Catalogue) -> None:
        self._catalogue = catalogue
        self._writer = _Writer(catalogue)
        self._commits = GroupCommit(self._writer.write, most_queued=_MOST_QUEUED, most_together=_MOST_TOGETHER)

    def close(self) -> None:
        """Write what is queued, and end."""
        self._commits.close()
        self._writer.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def append(self, events: Sequence[NewEvent], wait_s: float = APPEND_WAIT_S) -> list[Status]:
        """Keep events in their order; what became of each, once all that are kept are durable.

        Events of one call are kept together or not at all, after what an earlier call kept; calls at the same time
        share a transaction. An event is told by its reader and event_id, here and in the store alike: what was kept
        before is not kept again.

        Raises InvalidArgument for text that no database takes, Overloaded when too many events wait, DeadlineExceeded
        when it takes longer than wait_s seconds: then they may or may not be kept, and a repetition tells.
        """
        if any("\x00" in text for event in events for text in (event.reader.name, event.attribution_token)):
            raise InvalidArgument("names and tokens of events hold no NUL")
        return self._commits.submit(events, wait_s) if events else []

    def since(self, sequence: int, limit: int) -> list[StoredEvent]:
        """The next events after a sequence, at most limit, in the order of their coming.

        Events become visible in that order: whoever has read up to one has missed nothing before it, save what was
        deleted with its reader.
        """
        with self._catalogue.reading() as connection:
            rows = connection.execute(event_queries.events_after(sequence, limit)).all()
        return [StoredEvent(row[0], row[1], EventKind(row[2]), *row[3:]) for row in rows]

    def of_reader(
        self, reader_key: int, limit: int, kinds: Collection[EventKind] = tuple(EventKind), before: int | None = None
    ) -> list[ReaderPaper]:
        """Papers with which one of the kinds holds now, at most limit, the one with the last such event first.

        What was undone does not hold. before: only those whose sequence is lower, for the next page.
        """
        with self._catalogue.reading() as connection:
            rows = connection.execute(event_queries.papers_of_reader(reader_key, kinds, limit, before)).all()
        return [ReaderPaper(row[0], row[1], _kinds(int(row[2])), row[3], row[4]) for row in rows]

    def last_sequence(self, reader_key: int) -> int:
        """Sequence of the last event of a reader; 0 where there is none."""
        query = sa.select(readers.c.last_sequence).where(readers.c.reader_key == reader_key)
        with self._catalogue.reading() as connection:
            return connection.execute(query).scalar() or 0

    def counts(self, paper_keys: Sequence[int]) -> dict[int, Counts]:
        """Readers who upvoted and saved each of the papers; papers that nobody did are absent."""
        found: dict[int, dict[int, int]] = {}
        if paper_keys:
            with self._catalogue.reading() as connection:
                for key, kind, number in connection.execute(event_queries.readers_of_papers(connection, paper_keys)):
                    found.setdefault(key, {})[kind] = number
        return {key: Counts(of.get(EventKind.UPVOTE, 0), of.get(EventKind.SAVE, 0)) for key, of in found.items()}

    def voters(self, paper_keys: Sequence[int], most_days: int) -> dict[int, list[Voters]]:
        """Who upvotes each of the papers, those alike taken together; papers that nobody does are absent.

        most_days: as many as matter; readers who have been here on more count as of so many.
        """
        found: dict[int, list[Voters]] = {}
        if paper_keys:
            with self._catalogue.reading() as connection:
                query = event_queries.voters_of_papers(connection, paper_keys, most_days)
                for key, *voters in connection.execute(query):
                    found.setdefault(key, []).append(Voters(*voters))
        return found


class _Writer:
    """Keeps events over a connection of its own, opened anew after a failure."""

    def __init__(self, catalogue: Catalogue) -> None:
        self._catalogue = catalogue
        self._connection: sa.Connection | None = None

    def write(self, events: Sequence[NewEvent]) -> list[Status]:
        """See event_batch.record. A connection that died while nothing came is replaced unnoticed."""
        kept = self._connection is not None
        try:
            return self._record(events)
        except Unavailable:
            if not kept:
                raise
        return self._record(events)  # what the first attempt has kept after all is told by the ids

    def _record(self, events: Sequence[NewEvent]) -> list[Status]:
        if self._connection is None:
            self._connection = self._catalogue.own_connection()
        try:
            with self._connection.begin():
                return event_batch.record(self._connection, events, now_ms())
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """Give the connection up."""
        connection, self._connection = self._connection, None
        if connection is not None:
            with suppress(Exception):  # it may be why we are here
                connection.close()


def _kinds(bits: int) -> frozenset[EventKind]:
    return frozenset(kind for kind in EventKind if bits >> kind & 1)
