"""The statements that keep a batch of events, made once for each engine.

Each takes its rows as one JSON text, see bulk.rows_of: however many events there are, the statements are the same few.
"""

from collections.abc import Sequence
from functools import cache
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from cocite.catalogue.bulk import rows_of
from cocite.catalogue.event_queries import OF_EVENT, OF_PAIR, TARGET
from cocite.catalogue.schema import events, identifiers, reader_papers, readers

EVENT_COLUMNS = tuple(column.name for column in events.c)
HELD_COLUMNS = tuple(column.name for column in reader_papers.c)
COUNTED_COLUMNS = (
    "reader_key",
    "event_count",
    "first_event_at",
    "last_sequence",
    "counted_day",
    "events_on_day",
    "active_days",
)
_READER = (readers.c.is_session, readers.c.name, *(readers.c[name] for name in COUNTED_COLUMNS))


@cache
def find_readers(dialect: str) -> sa.Select[Any]:
    """Pairs of is_session and name: the same and COUNTED_COLUMNS of the readers there are."""
    asked = _rows(dialect, readers, ("is_session", "name"))
    same = sa.and_(readers.c.is_session == asked.c.is_session, readers.c.name == asked.c.name)
    return sa.select(*_READER).select_from(asked.join(readers, same))


@cache
def add_readers(dialect: str) -> sa.Executable:
    """Triples of is_session, name and created_at of readers there are not: as find_readers."""
    names = ("is_session", "name", "created_at")
    return sa.insert(readers).from_select(names, sa.select(_rows(dialect, readers, names))).returning(*_READER)


@cache
def find_identifiers(dialect: str) -> sa.Select[Any]:
    """Identifiers, one a row: the same, identifier_key and paper_key, and each identifier_key of the same paper.

    Only those that are known. The last is None where there is no paper.
    """
    asked = _rows(dialect, identifiers, ("identifier",))
    of_paper = identifiers.alias("of_paper")
    named = asked.join(identifiers, identifiers.c.identifier == asked.c.identifier)
    all_of = named.outerjoin(of_paper, of_paper.c.paper_key == identifiers.c.paper_key)
    columns = (identifiers.c.identifier, identifiers.c.identifier_key, identifiers.c.paper_key)
    return sa.select(*columns, of_paper.c.identifier_key).select_from(all_of)


@cache
def find_events(dialect: str) -> sa.Select[Any]:
    """Pairs of reader_key and event_id: the same, kind, undo, target, attribution_token, position, occurred_at."""
    asked = _rows(dialect, events, ("reader_key", "event_id"))
    same = sa.and_(events.c.reader_key == asked.c.reader_key, events.c.event_id == asked.c.event_id)
    content = (events.c.kind, events.c.undo, TARGET, events.c.attribution_token, events.c.position)
    columns = (events.c.reader_key, events.c.event_id, *content, events.c.occurred_at)
    return sa.select(*columns).select_from(asked.join(events, same).join(identifiers, OF_EVENT))


@cache
def find_held(dialect: str) -> sa.Select[Any]:
    """Pairs of reader_key and identifier_key: the same, kind and active of what is kept of them."""
    asked = _rows(dialect, reader_papers, ("reader_key", "identifier_key"))
    own = reader_papers.c
    same = sa.and_(own.reader_key == asked.c.reader_key, own.identifier_key == asked.c.identifier_key)
    columns = (own.reader_key, own.identifier_key, own.kind, own.active)
    return sa.select(*columns).select_from(asked.join(reader_papers, same))


@cache
def find_ahead(most: int) -> sa.Select[Any]:
    """A reader as reader: keys, at most so many, of the identifiers the reader has named and no paper has yet."""
    ahead = sa.and_(reader_papers.c.reader_key == sa.bindparam("reader"), identifiers.c.paper_key.is_(None))
    pairs = reader_papers.join(identifiers, OF_PAIR)
    return sa.select(reader_papers.c.identifier_key).select_from(pairs).where(ahead).distinct().limit(most)


@cache
def add_identifiers(dialect: str) -> sa.Executable:
    """Pairs of identifier_key and identifier."""
    return _add(dialect, identifiers, ("identifier_key", "identifier"))


@cache
def add_events(dialect: str) -> sa.Executable:
    """Rows of EVENT_COLUMNS."""
    return _add(dialect, events, EVENT_COLUMNS)


@cache
def put_held(dialect: str) -> sa.Executable:
    """Rows of HELD_COLUMNS, in place of those there are."""
    asked = sa.select(_rows(dialect, reader_papers, HELD_COLUMNS)).where(
        sa.true()
    )  # SQLite wants it before ON CONFLICT
    new = (postgresql.insert if dialect == "postgresql" else sqlite.insert)(reader_papers)
    new = new.from_select(HELD_COLUMNS, asked)
    later = {name: new.excluded[name] for name in ("active", "sequence", "last_at")}
    return new.on_conflict_do_update(index_elements=list(reader_papers.primary_key), set_=later)


@cache
def drop_held(dialect: str) -> sa.Executable:
    """Triples of reader_key, identifier_key and kind."""
    key = ("reader_key", "identifier_key", "kind")
    asked = sa.select(_rows(dialect, reader_papers, key))
    return sa.delete(reader_papers).where(sa.tuple_(*(reader_papers.c[name] for name in key)).in_(asked))


@cache
def count_events(dialect: str) -> sa.Executable:
    """Rows of COUNTED_COLUMNS, into the readers there are."""
    asked = _rows(dialect, readers, COUNTED_COLUMNS)
    values = {name: asked.c[name] for name in COUNTED_COLUMNS[1:]}
    return sa.update(readers).values(values).where(readers.c.reader_key == asked.c.reader_key)


def _rows(dialect: str, table: sa.Table, names: Sequence[str]) -> sa.Subquery:
    return rows_of(dialect, {name: table.c[name].type for name in names})


def _add(dialect: str, table: sa.Table, names: Sequence[str]) -> sa.Executable:
    return sa.insert(table).from_select(names, sa.select(_rows(dialect, table, names)))
