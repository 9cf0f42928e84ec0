"""Readers: who they are, and their end."""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from cocite.catalogue.event_records import ReaderName
from cocite.catalogue.schema import library_entries, readers
from cocite.catalogue.store import Catalogue
from cocite.core.clock import now_ms
from cocite.core.errors import Overloaded, Unavailable


@dataclass(frozen=True, slots=True)
class Reader:
    """A reader of whom something is held. Times are milliseconds since 1970; last_sequence is 0 without an event."""

    reader_key: int
    reader: ReaderName
    created_at: int
    feed_token_number: int
    event_count: int
    first_event_at: int | None
    last_sequence: int


class Readers:
    """The readers of a catalogue, safe to share between threads. Every method may raise Unavailable."""

    def __init__(self, catalogue: Catalogue) -> None:
        self._catalogue = catalogue

    def find(self, reader: ReaderName) -> Reader | None:
        """The reader of that name, None where nothing is held."""
        with self._catalogue.reading() as connection:
            return _first(connection.execute(sa.select(readers).where(*_named(reader))).all())

    def by_key(self, reader_key: int) -> Reader | None:
        """The reader with that key, None when deleted."""
        with self._catalogue.reading() as connection:
            return _first(connection.execute(sa.select(readers).where(readers.c.reader_key == reader_key)).all())

    def create(self, reader: ReaderName) -> Reader:
        """The reader of that name, made if need be."""
        if found := self.find(reader):
            return found
        with self._catalogue.writing(durable=True) as connection:
            found = _first(connection.execute(sa.select(readers).where(*_named(reader))).all())
            if found:
                return found
            values = {"is_session": reader.is_session, "name": reader.name, "created_at": now_ms()}
            made = _first(connection.execute(sa.insert(readers).values(values).returning(*readers.c)).all())
        assert made is not None  # just inserted
        return made

    def library_entries(self, reader: ReaderName) -> int:
        """Entries of ingested libraries of that name; sessions have none."""
        if reader.is_session:
            return 0
        entries = sa.select(sa.func.count()).select_from(library_entries).where(library_entries.c.reader == reader.name)
        with self._catalogue.reading() as connection:
            return int(connection.execute(entries).scalar_one())

    def rotate(self, reader_key: int) -> Reader | None:
        """Give the reader the next feed_token_number, which makes the feed token void; None when deleted."""
        change = sa.update(readers).where(readers.c.reader_key == reader_key)
        change = change.values(feed_token_number=readers.c.feed_token_number + 1)
        with self._catalogue.writing(durable=True) as connection:
            return _first(connection.execute(change.returning(*readers.c)).all())

    def delete(self, reader: ReaderName) -> int:
        """Delete all that is held about a reader, in one durable transaction; the number of events it had.

        What "gone" means on disk is told in docs/decisions/0029-the-event-log.md.
        """
        with self._catalogue.writing(durable=True) as connection:
            if not reader.is_session:
                connection.execute(sa.delete(library_entries).where(library_entries.c.reader == reader.name))
            # What names the reader's key goes with it, see ON DELETE CASCADE in schema.py.
            gone = sa.delete(readers).where(*_named(reader)).returning(readers.c.event_count)
            count = connection.execute(gone).scalar() or 0
        with suppress(Overloaded, Unavailable):  # the deletion stands
            self._catalogue.forget_deleted()
        return count


def _named(reader: ReaderName) -> tuple[sa.ColumnElement[bool], ...]:
    return readers.c.is_session == reader.is_session, readers.c.name == reader.name


def _first(rows: Sequence[sa.Row[Any]]) -> Reader | None:
    for row in rows:
        return Reader(
            row.reader_key,
            ReaderName(row.is_session, row.name),
            row.created_at,
            row.feed_token_number,
            row.event_count,
            row.first_event_at,
            row.last_sequence,
        )
    return None
