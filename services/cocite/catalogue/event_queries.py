"""What is asked of readers' events; the same statements for both engines.

An event names an identifier. The paper behind it is found by joining, so papers that turn out to be one share what
readers did with either. The target of an event is that paper's key, or the key of the identifier itself while there
is no paper: the two are never the same for different things, see schema.py.
"""

from collections.abc import Collection, Sequence
from typing import Any

import sqlalchemy as sa

from cocite.catalogue.bulk import one_of, rows_of
from cocite.catalogue.event_records import TRAINED_KINDS, EventKind
from cocite.catalogue.schema import events, identifiers, papers, reader_papers, readers

TARGET = sa.func.coalesce(identifiers.c.paper_key, identifiers.c.identifier_key).label("target")
_of_event = identifiers.c.identifier_key == events.c.identifier_key
_of_pair = identifiers.c.identifier_key == reader_papers.c.identifier_key
_paper_id = sa.func.coalesce(papers.c.paper_id, identifiers.c.identifier)


def readers_named(connection: sa.Connection, names: Sequence[tuple[bool, str]]) -> sa.Select[Any]:
    """Rows of readers with these pairs of is_session and name."""
    asked = rows_of(connection, {"is_session": sa.Boolean(), "name": sa.Text()}, names)
    same = sa.and_(readers.c.is_session == asked.c.is_session, readers.c.name == asked.c.name)
    return sa.select(*readers.c).select_from(asked.join(readers, same))


def identifiers_named(connection: sa.Connection, ids: Sequence[str]) -> sa.Select[Any]:
    """Identifier, identifier_key and paper_key of those identifiers that are known."""
    columns = (identifiers.c.identifier, identifiers.c.identifier_key, identifiers.c.paper_key)
    return sa.select(*columns).where(one_of(connection, identifiers.c.identifier, ids))


def events_with_ids(connection: sa.Connection, pairs: Sequence[tuple[int, str]]) -> sa.Select[Any]:
    """Key, event_id and content of the events with these pairs of reader_key and event_id."""
    asked = rows_of(connection, {"reader_key": sa.BigInteger(), "event_id": sa.Text()}, pairs)
    same = sa.and_(events.c.reader_key == asked.c.reader_key, events.c.event_id == asked.c.event_id)
    content = (events.c.kind, events.c.undo, TARGET, events.c.attribution_token, events.c.position)
    columns = (events.c.reader_key, events.c.event_id, *content, events.c.occurred_at)
    return sa.select(*columns).select_from(asked.join(events, same).join(identifiers, _of_event))


def held(connection: sa.Connection, pairs: Sequence[tuple[int, int]], *, known: bool) -> sa.Select[Any]:
    """What is kept of pairs of a reader and a target: reader_key, target, identifier_key, kind, active.

    known: whether the targets are papers, or identifiers of none.
    """
    asked = rows_of(connection, {"reader_key": sa.BigInteger(), "target": sa.BigInteger()}, pairs)
    key = identifiers.c.paper_key if known else identifiers.c.identifier_key
    same = sa.and_(reader_papers.c.reader_key == asked.c.reader_key, _of_pair)
    joined = asked.join(identifiers, key == asked.c.target).join(reader_papers, same)
    columns = (reader_papers.c.reader_key, asked.c.target, reader_papers.c.identifier_key)
    return sa.select(*columns, reader_papers.c.kind, reader_papers.c.active).select_from(joined)


def identifiers_ahead(reader_key: int, most: int) -> sa.Select[Any]:
    """Keys, at most so many, of the identifiers that a reader has named and that no paper has yet."""
    ahead = sa.and_(reader_papers.c.reader_key == reader_key, identifiers.c.paper_key.is_(None))
    pairs = reader_papers.join(identifiers, _of_pair)
    return sa.select(reader_papers.c.identifier_key).select_from(pairs).where(ahead).distinct().limit(most)


def events_after(sequence: int, limit: int) -> sa.Select[Any]:
    """The limit events with the lowest sequences above sequence, ascending, as StoredEvent has its fields."""
    columns = (
        events.c.sequence,
        events.c.reader_key,
        events.c.kind,
        events.c.undo,
        events.c.change,
        _paper_id.label("paper_id"),
        identifiers.c.paper_key,
        events.c.attribution_token,
        events.c.position,
        events.c.occurred_at,
        events.c.recorded_at,
    )
    joined = events.join(identifiers, _of_event).outerjoin(papers, papers.c.paper_key == identifiers.c.paper_key)
    chosen = sa.select(*columns).select_from(joined).where(events.c.sequence > sequence)
    return chosen.order_by(events.c.sequence).limit(limit)


def papers_of_reader(reader_key: int, kinds: Collection[EventKind], limit: int, before: int | None) -> sa.Select[Any]:
    """Papers with which one of the kinds holds, last event first: paper_id, paper_key, bits of kinds, time, sequence.

    before: only those whose last event came before that sequence.
    """
    last = sa.func.max(reader_papers.c.sequence)
    bits = sa.func.sum(sa.literal(1).bitwise_lshift(reader_papers.c.kind).distinct())
    columns = (
        _paper_id.label("paper_id"),
        identifiers.c.paper_key,
        bits.label("kinds"),
        sa.func.max(reader_papers.c.last_at).label("last_at"),
        last.label("sequence"),
    )
    joined = reader_papers.join(identifiers, _of_pair).outerjoin(papers, papers.c.paper_key == identifiers.c.paper_key)
    holds = sa.and_(reader_papers.c.reader_key == reader_key, reader_papers.c.active, reader_papers.c.kind.in_(kinds))
    grouped = sa.select(*columns).select_from(joined).where(holds).group_by(_paper_id, identifiers.c.paper_key)
    return grouped.having(last < before if before is not None else sa.true()).order_by(last.desc()).limit(limit)


def readers_of_papers(connection: sa.Connection, keys: Sequence[int]) -> sa.Select[Any]:
    """Paper key, kind and number of distinct readers with whom it holds, of upvotes and saves."""
    counted = reader_papers.c.kind.in_((EventKind.UPVOTE, EventKind.SAVE))
    joined = identifiers.join(reader_papers, _of_pair)
    number = sa.func.count(reader_papers.c.reader_key.distinct()).label("readers")
    chosen = sa.select(identifiers.c.paper_key, reader_papers.c.kind, number).select_from(joined)
    chosen = chosen.where(one_of(connection, identifiers.c.paper_key, keys), counted, reader_papers.c.active)
    return chosen.group_by(identifiers.c.paper_key, reader_papers.c.kind)


SIGNALS = (
    sa.select(reader_papers.c.reader_key, identifiers.c.paper_key, reader_papers.c.kind)
    .select_from(reader_papers.join(identifiers, _of_pair))
    .where(reader_papers.c.active, reader_papers.c.kind.in_(TRAINED_KINDS), identifiers.c.paper_key.is_not(None))
    .distinct()
    .order_by(reader_papers.c.reader_key, identifiers.c.paper_key, reader_papers.c.kind)
)
